/**
 * A Docker engine for tests: the one running here, or Debian's, which the tests then start and stop
 * themselves (test/compose/engine.ts). Only CI, as root on Debian, installs and caches its parts:
 * the engine's package, Compose built from its Go module, and a Debian root file system.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

import { isCI } from './parts.ts'

const composeVersion = 'v2.40.3'
const buildMinutes = 20

/** What is built once for all runs. */
export const engineCache = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'weir',
  'engine',
)
export const composePlugin = join(engineCache, 'docker-compose')
export const debianRoot = join(engineCache, 'debian-bookworm-slim.tar')

/** Programs of the engine, and the Debian packages that contain them. */
const programs: Record<string, string> = {
  dockerd: 'docker.io',
  containerd: 'containerd',
  runc: 'runc',
  iptables: 'iptables',
  debootstrap: 'debootstrap',
  ip: 'iproute2',
}

/** Whether an engine is already running. */
export function engineAnswers(): boolean {
  return spawnSync('docker', ['info'], { timeout: 20_000 }).status === 0
}

/** Whether that engine has Compose. */
export function hasCompose(): boolean {
  return spawnSync('docker', ['compose', 'version'], { timeout: 20_000 }).status === 0
}

const isRoot = process.getuid?.() === 0

/** Why tests with an engine must be skipped, or false. CI may not skip them. */
export function skipWithoutEngine(): string | false {
  if (isCI) return false
  if (!isRoot) return 'an exporter in its own network namespace wants root'
  const canCompose = hasCompose() || existsSync(composePlugin)
  if (engineAnswers() && canCompose) return false
  if (missingPrograms().length === 0 && canCompose && existsSync(debianRoot)) return false
  return howToGet
}

const howToGet =
  'no Docker engine with Compose answers: start one, or as root on Debian run CI=true node test/setup/engine.ts'

function missingPrograms(): string[] {
  return Object.keys(programs).filter((name) => spawnSync('which', [name]).status !== 0)
}

/** Builds what a missing engine needs where we may, otherwise says how to get it. */
export async function setUpEngine(): Promise<void> {
  if (engineAnswers() && hasCompose()) return
  if (!isCI || !isRoot || !existsSync('/etc/debian_version')) {
    const reason = skipWithoutEngine()
    if (reason !== false) console.log(`${reason}; the tests of Docker Compose are skipped`)
    return
  }
  await mkdir(engineCache, { recursive: true })
  if (!engineAnswers()) {
    installPrograms()
    await makeDebianRoot()
  }
  if (!hasCompose()) await buildCompose()
}

function installPrograms(): void {
  const packages = new Set(missingPrograms().map((name) => programs[name]!))
  if (packages.size === 0) return
  console.log(`installing ${[...packages].join(', ')} …`)
  const apt = (...args: string[]) =>
    execFileSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-qq', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  apt('update')
  apt('install', '-y', '--no-install-recommends', ...packages)
}

/** A minimal Debian as a tar archive, the base of images. */
async function makeDebianRoot(): Promise<void> {
  if (existsSync(debianRoot)) return
  console.log(`making a Debian root file system in ${engineCache} (once) …`)
  const work = await mkdtemp(join(engineCache, 'root-'))
  try {
    const root = join(work, 'root')
    execFileSync('debootstrap', ['--variant=minbase', 'bookworm', root], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const leftOut = ['dev', 'proc', 'sys', 'var/cache/apt/archives', 'var/lib/apt/lists']
    const exclude = leftOut.map((folder) => `--exclude=./${folder}/*`)
    const tar = ['--numeric-owner', '--one-file-system', '-C', root, ...exclude]
    execFileSync('tar', [...tar, '-cf', `${debianRoot}.part`, '.'])
    await rename(`${debianRoot}.part`, debianRoot)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Compose as published; its own go.sum pins its dependencies. */
async function buildCompose(): Promise<void> {
  if (existsSync(composePlugin)) return
  if (spawnSync('which', ['go']).status !== 0)
    throw new Error('docker compose cannot be built: install Go, or Docker with Compose')
  console.log(`building docker compose ${composeVersion} into ${engineCache} (once) …`)
  const environment = { ...process.env, GOFLAGS: '', GOWORK: 'off', CGO_ENABLED: '0' }
  const name = `github.com/docker/compose/v2`
  const downloaded = execFileSync('go', ['mod', 'download', '-json', `${name}@${composeVersion}`], {
    cwd: '/',
    env: environment,
    encoding: 'utf8',
  })
  const { Dir: folder } = JSON.parse(downloaded) as { Dir: string }
  const version = `-s -w -X ${name}/internal.Version=${composeVersion}`
  const part = `${composePlugin}.part`
  execFileSync(
    'go',
    ['build', '-trimpath', '-tags', 'fsnotify', '-ldflags', version, '-o', part, './cmd'],
    {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: buildMinutes * 60_000,
    },
  )
  await rename(part, composePlugin)
}

if (import.meta.main) await setUpEngine()
