/** Commands that are stopped before they have ended leave nothing behind. */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { answering } from '../browser/weir.ts'
import { freeTcpPort } from '../free-port.ts'
import { scratchFolder, spawnWeir } from '../processes.ts'
import { until } from '../until.ts'

test('a stopped demo leaves no data folder', async () => {
  const temporary = await scratchFolder()
  const demo = spawnWeir(['demo'], { TMPDIR: temporary })
  const ended = once(demo, 'exit')
  // A folder may go while it is listed.
  const names = () => readdir(temporary, { recursive: true }).catch(() => [])
  const isImporting = async () => (await names()).some((name) => name.endsWith('manifest.jsonl'))
  await until(isImporting)
  demo.kill('SIGINT')
  assert.deepEqual(await ended, [null, 'SIGINT'])
  assert.deepEqual(await readdir(temporary), [])
})

const times = { from: '2026-11-16T11:00:00Z', to: '2026-11-16T12:00:00Z' }

test('a stopped report ends Chromium and leaves no folder of its own', async () => {
  const data = join(await scratchFolder(), 'data')
  const { from, to } = times
  const made = await withEndlessChromium((environment, folder) =>
    spawnWeir(['report', '--from', from, '--to', to, '-o', join(folder, 'report.pdf')], {
      WEIR_DATA: data,
      ...environment,
    }),
  )
  assert.deepEqual(made, [null, 'SIGTERM'])
})

test('an API that is stopped while it makes a report does so, too', async () => {
  const data = join(await scratchFolder(), 'data')
  const port = await freeTcpPort()
  const made = await withEndlessChromium((environment) => {
    const api = spawnWeir(['api'], { WEIR_DATA: data, WEIR_HTTP: `127.0.0.1:${port}`, ...environment }) // prettier-ignore
    const query = new URLSearchParams({ ...times, format: 'pdf' })
    void answering(`http://127.0.0.1:${port}`, api)
      .then(() => fetch(`http://127.0.0.1:${port}/api/report?${query}`))
      .catch(() => undefined)
    return api
  })
  assert.deepEqual(made, [0, null])
})

/** Stops a process while a Chromium that never ends makes its report; returns how it ended. */
async function withEndlessChromium(
  start: (environment: Record<string, string>, folder: string) => ChildProcess,
): Promise<unknown[]> {
  const folder = await scratchFolder()
  const [temporary, programs] = [join(folder, 'temporary'), join(folder, 'programs')]
  for (const each of [temporary, programs]) await mkdir(each)
  const started = join(folder, 'started')
  const chromium = join(programs, 'chromium')
  await writeFile(chromium, `#!/bin/sh\necho $$ > ${started}\nexec sleep 1000\n`)
  await chmod(chromium, 0o700)
  const report = start({ TMPDIR: temporary, PATH: `${programs}:${process.env['PATH']}` }, folder)
  const ended = once(report, 'exit') as Promise<unknown[]>
  const pid = () => (existsSync(started) ? readFileSync(started, 'utf8').trim() : '')
  await until(() => pid() !== '')
  report.kill('SIGTERM')
  const how = await ended
  assert.ok(!existsSync(`/proc/${pid()}`), 'Chromium has ended')
  assert.deepEqual(await readdir(temporary), [])
  return how
}
