/**
 * A real influxd for tests: the one on the PATH, or one built once from its published Go module
 * into the user's cache. Only CI builds it, as root on Debian.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

import { isCI } from './parts.ts'

const influxdVersion = '2.9.1'

const cacheFolder = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'weir',
  `influxd-${influxdVersion}`,
)
const cached = join(cacheFolder, 'influxd')
const buildMinutes = 30

/** The path of influxd, or null. */
export function influxdPath(): string | null {
  const found = spawnSync('which', ['influxd'], { encoding: 'utf8' })
  if (found.status === 0) return found.stdout.trim()
  return existsSync(cached) ? cached : null
}

/** Why tests with InfluxDB must be skipped, or false. CI may not skip them. */
export function skipWithoutInfluxd(): string | false {
  if (influxdPath() !== null || isCI) return false
  return howToGet
}

const howToGet =
  `influxd is missing: install InfluxDB ${influxdVersion} so that influxd is on the PATH, name a running ` +
  'one by WEIR_TEST_INFLUX_URL and WEIR_TEST_INFLUX_TOKEN (for the store’s contract alone), ' +
  'or run node test/setup/influxd.ts, which builds it (Go, Rust, clang and pkg-config; some minutes)'

/** Builds influxd where we may, otherwise says how to get it. */
export async function setUpInfluxd(): Promise<void> {
  if (influxdPath() !== null) return
  if (!isCI || process.getuid?.() !== 0) {
    console.log(`${howToGet}; its tests are skipped`)
    return
  }
  await buildInfluxd()
}

/**
 * A main package of a module with replace directives cannot be installed by name: this module
 * requires it and repeats them.
 */
const goModule = `module influxd-for-tests
go 1.26.3
require github.com/influxdata/influxdb/v2 v${influxdVersion}
replace github.com/nats-io/nats-streaming-server v0.11.2 => github.com/influxdata/nats-streaming-server v0.11.3-0.20201112040610-c277f7560803
replace google.golang.org/protobuf v1.30.0 => google.golang.org/protobuf v1.33.0
`

/** Builds influxd into the cache. @throws an error that names what is missing */
async function buildInfluxd(): Promise<void> {
  const isMissing = (command: string) => spawnSync('which', [command]).status !== 0
  const debian = ['clang', 'pkg-config'].filter(isMissing)
  if (debian.length > 0 && isCI && process.getuid?.() === 0) {
    const apt = (...args: string[]) =>
      execFileSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-qq', ...args], {
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
        stdio: ['ignore', 'ignore', 'inherit'],
      })
    apt('update')
    apt('install', '-y', '--no-install-recommends', ...debian)
  }
  const missing = ['go', 'cargo', 'clang', 'pkg-config'].filter(isMissing)
  if (missing.length > 0)
    throw new Error(
      `influxd cannot be built: ${missing.join(', ')} missing. ` +
        'Install Go 1.26, a stable Rust with cargo, clang and pkg-config, or put influxd on the PATH',
    )
  console.log(`building influxd ${influxdVersion} into ${cacheFolder} (some minutes, once) …`)
  const work = await mkdtemp(join(tmpdir(), 'weir-influxd-'))
  try {
    await mkdir(cacheFolder, { recursive: true })
    await writeFile(join(work, 'go.mod'), goModule)
    const go = (environment: Record<string, string>, ...args: string[]) =>
      execFileSync('go', args, {
        cwd: work,
        env: { ...process.env, GOFLAGS: '-mod=mod', RUSTUP_TOOLCHAIN: 'stable', ...environment },
        stdio: ['ignore', 'inherit', 'inherit'],
        timeout: buildMinutes * 60_000,
      })
    // Its pkg-config compiles the Flux library with cargo while Go builds.
    go({ GOBIN: work }, 'install', 'github.com/influxdata/pkg-config@v0.3.0')
    go(
      { PKG_CONFIG: join(work, 'pkg-config') },
      'build',
      '-tags',
      'sqlite_foreign_keys,sqlite_json',
      '-ldflags',
      `-s -w -X main.version=v${influxdVersion}`,
      '-o',
      `${cached}.part`,
      'github.com/influxdata/influxdb/v2/cmd/influxd',
    )
    await rename(`${cached}.part`, cached)
  } finally {
    spawnSync('chmod', ['-R', 'u+w', work])
    await rm(work, { recursive: true, force: true })
  }
}

if (import.meta.main) await buildInfluxd()
