/**
 * `npm test`: types, lint, format, page, then every test; with --long the full-size runs instead.
 * Arguments name test files to run alone.
 */
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

import { sharedFolderVariable } from './monday.ts'
import { setUpClickHouse } from './setup/clickhouse.ts'
import { setUpEngine } from './setup/engine.ts'
import { setUpInfluxd } from './setup/influxd.ts'
import { isCI, setUp } from './setup/parts.ts'
import { raiseReceiveBuffers } from './setup/receive-buffers.ts'

const folders = ['flow', 'ingest', 'store', 'api', 'web', 'cli', 'test']
const checks: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['types', 'tsc'],
  ['lint', 'oxlint', '--type-aware', ...folders],
  ['format', 'oxfmt', '--check', ...folders],
  ['page', 'vite', 'build', 'web', '--logLevel', 'warn'],
]
const receiveBufferBytes = 64 << 20
const testMsMax = { short: 600_000, long: 3_600_000 }

const args = process.argv.slice(2)
const isLong = args.includes('--long')
const named = args.filter((arg) => !arg.startsWith('--'))

function check(): boolean {
  for (const [name, command, ...rest] of checks) {
    const started = performance.now()
    const { status } = spawnSync(command, rest, { stdio: 'inherit' })
    console.log(
      `${name}: ${status === 0 ? 'ok' : 'FAILED'}, ${Math.round(performance.now() - started)} ms`,
    )
    if (status !== 0) return false
  }
  return true
}

// Debian installs daemons such as softflowd where only root's PATH has them.
process.env['PATH'] += ':/usr/sbin:/sbin'
setUp()
await setUpInfluxd()
await setUpClickHouse()
await setUpEngine()
if (isCI) process.once('exit', raiseReceiveBuffers(receiveBufferBytes))
if (named.length === 0 && !check()) process.exit(1)

const shared = mkdtempSync(join(tmpdir(), 'weir-shared-'))
process.once('exit', () => rmSync(shared, { recursive: true, force: true }))
process.env[sharedFolderVariable] = shared
// Half of the start of each file; weir.js keeps its own there too.
process.env['NODE_COMPILE_CACHE'] ??= join(
  import.meta.dirname,
  '../node_modules/.cache/weir-compiled',
)

const files =
  named.length > 0 ? named : globSync(isLong ? 'test/**/*.long.ts' : 'test/**/*.test.ts').toSorted()
let failed = 0
let skipped = 0
const tests = run({
  files,
  concurrency: isLong ? 1 : 2,
  timeout: isLong ? testMsMax.long : testMsMax.short,
})
tests.on('test:fail', () => failed++)
tests.on('test:pass', ({ skip }) => {
  if (skip !== undefined) skipped++
})
tests.on('end', () => {
  if (isCI && skipped > 0) console.error(`${skipped} tests were skipped, which CI does not allow`)
  process.exitCode = failed > 0 || (isCI && skipped > 0) ? 1 : 0
})
tests.compose(spec).pipe(process.stdout)
