/**
 * `npm test`: types, lint, format, page, then every test; with --long the full-size runs instead.
 * Arguments name test files to run alone.
 */
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
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
/** Files that mostly wait, for containers or for a clock: they run beside two others that keep the cores busy. */
const mostlyWaiting = new Set(['test/browser/away.test.ts', 'test/compose/compose.test.ts'])
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
const isWaiting = (file: string) => !isLong && mostlyWaiting.has(file)
const timeout = isLong ? testMsMax.long : testMsMax.short
const lanes = [
  { files: files.filter((file) => !isWaiting(file)), concurrency: isLong ? 1 : 2, timeout },
  { files: files.filter(isWaiting), concurrency: 1, timeout },
]
const report = new spec()
report.pipe(process.stdout)
const all = { tests: 0, passed: 0 }
let failed = 0
// Not the summary's: it leaves out suites.
let skipped = 0
const running = lanes
  .filter((lane) => lane.files.length > 0)
  .map((lane) => {
    const tests = run(lane)
    tests.on('test:fail', () => failed++)
    tests.on('test:pass', ({ skip }) => {
      if (skip !== undefined) skipped++
    })
    tests.on('test:summary', ({ file, counts }) => {
      if (file !== undefined) return
      all.tests += counts.tests
      all.passed += counts.passed
    })
    tests.pipe(report, { end: false })
    return finished(tests)
  })
await Promise.all(running)
await finished(report.end())
console.log(`in all: ${all.tests} tests, ${all.passed} passed, ${skipped} skipped`)
if (isCI && skipped > 0) console.error(`${skipped} tests were skipped, which CI does not allow`)
process.exitCode = failed > 0 || (isCI && skipped > 0) ? 1 : 0
