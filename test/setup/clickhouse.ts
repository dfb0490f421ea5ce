/**
 * Real ClickHouse nodes for tests, built from chDB's npm package in a per-user cache: its library is
 * ClickHouse itself and can listen. It lacks Keeper and the port for replication: in a cluster of
 * such nodes the Distributed tables write to every replica instead. It is a workaround, so its
 * version is pinned; production uses the official server.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { isCI } from './parts.ts'

/** The version of the package; the ClickHouse in it reports 26.7. */
const packageVersion = '26.7.3-stable.1'
const packages: Partial<Record<string, string>> = {
  x64: '@chdb/lib-linux-x64-gnu',
  arm64: '@chdb/lib-linux-arm64-gnu',
}

const cacheFolder = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'weir',
  `clickhouse-${packageVersion}`,
)
const source = fileURLToPath(new URL('clickhouse-node.c', import.meta.url))

/** The program and the library of a node, or null if not built yet. */
export function clickHouseNode(): { program: string; library: string } | null {
  const program = join(cacheFolder, 'clickhouse-node')
  const library = join(cacheFolder, 'libchdb.so')
  return existsSync(program) && existsSync(library) ? { program, library } : null
}

/** Why tests with ClickHouse must be skipped, or false. CI may not skip them. */
export function skipWithoutClickHouse(): string | false {
  return clickHouseNode() !== null || isCI ? false : howToGet
}

const howToGet =
  'no ClickHouse for tests: node test/setup/clickhouse.ts makes one of chDB’s npm package ' +
  '(Linux, a C compiler, 600 MB in the cache)'

/** Builds it where we may, otherwise says how to get it. */
export async function setUpClickHouse(): Promise<void> {
  if (clickHouseNode() !== null) return
  if (!isCI || process.getuid?.() !== 0) {
    console.log(`${howToGet}; its tests are skipped`)
    return
  }
  await makeClickHouse()
}

/** @throws an error that names what is missing */
async function makeClickHouse(): Promise<void> {
  const name = process.platform === 'linux' ? packages[process.arch] : undefined
  if (name === undefined)
    throw new Error(`chDB has no library for ${process.platform} ${process.arch}`)
  const compiler = await provideCompiler()
  console.log(`fetching ${name} ${packageVersion} into ${cacheFolder} (once) …`)
  await mkdir(cacheFolder, { recursive: true })
  const work = await mkdtemp(join(cacheFolder, 'work-'))
  try {
    const npm = ['install', '--prefix', work, '--ignore-scripts', '--no-save', '--no-package-lock']
    execFileSync('npm', [...npm, `${name}@${packageVersion}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const made = join(work, 'clickhouse-node')
    execFileSync(compiler, ['-O2', '-o', made, source, '-ldl'])
    await rename(join(work, 'node_modules', name, 'libchdb.so'), join(cacheFolder, 'libchdb.so'))
    await rename(made, join(cacheFolder, 'clickhouse-node'))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function provideCompiler(): Promise<string> {
  const find = () => ['cc', 'gcc', 'clang'].find((name) => spawnSync('which', [name]).status === 0)
  const found = find()
  if (found !== undefined) return found
  if (isCI && process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    const apt = (...args: string[]) =>
      execFileSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-qq', ...args], {
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
        stdio: ['ignore', 'ignore', 'inherit'],
      })
    apt('update')
    apt('install', '-y', '--no-install-recommends', 'gcc', 'libc6-dev')
  }
  const installed = find()
  if (installed === undefined)
    throw new Error('a C compiler is missing: apt-get install gcc libc6-dev')
  return installed
}

if (import.meta.main) await makeClickHouse()
