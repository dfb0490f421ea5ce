/** What a replay says of the capture when it is through with it. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { readSettings } from '../../flow/settings.ts'
import { importCaptures } from '../../ingest/import.ts'
import { readExporters } from '../../ingest/status.ts'
import { encodeV5, testExportMs } from '../encode/fixed.ts'
import { encodeV9, field } from '../encode/sets.ts'
import { writeCapture } from '../encode/pcap-write.ts'
import { scratchFolder } from '../processes.ts'

const dayMs = 86_400_000

let folder: string
before(async () => {
  folder = await scratchFolder()
})
after(() => rm(folder, { recursive: true }))

async function replayed(name: string, payloads: readonly Uint8Array[]) {
  const capture = join(folder, `${name}.pcap`)
  const sent = payloads.map((payload) => ({ payload, receivedMs: testExportMs }))
  await writeCapture(capture, '10.0.0.1', sent)
  const settings = readSettings({ WEIR_DATA: join(folder, name), WEIR_FLOW_MAX: '1d' })
  const summary = await importCaptures([capture], {
    settings,
    shiftMs: 7 * dayMs,
    onProgress: () => undefined,
  })
  const [exporter] = await readExporters(settings.data)
  return { summary, exporter }
}

test('a flow that is too old for the series is counted as that', async () => {
  const hourMs = dayMs / 24
  const { summary, exporter } = await replayed('old', [
    encodeV5({ uptimeMs: 2 * dayMs }, [
      { first: dayMs - hourMs, last: dayMs, octets: 100 },
      { first: dayMs + hourMs, last: dayMs + 2 * hourMs, octets: 100 },
    ]),
  ])
  assert.deepEqual([summary.flows, summary.bytes], [2, 200])
  assert.deepEqual(summary.problems, { 'too-late': 1 })
  assert.deepEqual(exporter?.problems, { 'too-late': 1 })
})

test('data whose template never came is counted as that', async () => {
  const template = { id: 256, fields: [field(1, 4)] }
  const { summary } = await replayed('without-template', [
    encodeV9({ sets: [{ data: template, records: [[100]] }] }),
  ])
  assert.equal(summary.flows, 0)
  assert.deepEqual(summary.problems, { 'template-missing-expired': 1 })
})
