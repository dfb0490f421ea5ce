/** Captures that were imported one after the other: what passed between them is not known, and no outage. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import type { ExplainAnswer, IncidentsAnswer } from '../../../api/schema/explain.ts'
import type { SeriesAnswer, TopAnswer } from '../../../api/schema/schema.ts'
import { readCapture } from '../../../ingest/capture/read.ts'
import { readPacket } from '../../../ingest/capture/packet.ts'
import { breaksMax } from '../../../ingest/coverage/breaks.ts'
import { breaksBetween } from '../../../ingest/import/between.ts'
import { startWeir } from '../../browser/weir.ts'
import { writeCapture, type SentDatagram } from '../../encode/pcap-write.ts'
import { mondayCapture } from '../../monday.ts'
import { runWeir, scratchFolder } from '../../processes.ts'

const at = (time: string) => Date.parse(`2026-11-16T${time}Z`)
const parts = [
  [at('10:00:00'), at('10:22:30')],
  // Datagrams come each minute; each interval of the time between has some before or after it.
  [at('10:28:30'), at('10:50:00')],
] as const
const around = 'from=2026-11-16T10:05Z&to=2026-11-16T10:45Z'

async function capturesIn(folder: string): Promise<string[]> {
  const sent: SentDatagram[][] = [[], []]
  for await (const { bytes, linkType, timeMs } of readCapture(mondayCapture)) {
    const datagram = readPacket(bytes, linkType)
    const part = parts.findIndex(([from, to]) => timeMs >= from && timeMs < to)
    if (datagram && part >= 0)
      sent[part]!.push({ payload: Uint8Array.from(datagram.payload), receivedMs: timeMs })
  }
  const files = sent.map((_, i) => join(folder, `${i}.pcap`))
  for (const [i, file] of files.entries()) await writeCapture(file, '10.0.0.1', sent[i]!)
  return files
}

async function answersAfter(t: TestContext, order: readonly number[]) {
  const data = await scratchFolder()
  const files = await capturesIn(await scratchFolder())
  for (const part of order) {
    const { code, stderr } = await runWeir(['replay', files[part]!], { WEIR_DATA: data })
    assert.equal(code, 0, stderr)
  }
  const weir = await startWeir({
    replayed: false,
    environment: { WEIR_DATA: data, WEIR_DNS: 'off' },
  })
  t.after(() => weir.close())
  return async <Answer>(path: string) =>
    (await (await fetch(`${weir.url}/api/${path}`)).json()) as Answer
}

for (const order of [
  [0, 1],
  [1, 0],
])
  test(`captures ${order.join(', then ')}: charts, lists and verdicts know nothing of the time between`, async (t) => {
    const ask = await answersAfter(t, order)
    const chart = await ask<SeriesAnswer>(`series?${around}&step=10`)
    const [from, to] = [at('10:22:00') / 1000, at('10:29:00') / 1000]
    assert.deepEqual(chart.unknown, [[from, to, 'not-listening']])
    for (const [i, value] of chart.series[0]!.values.entries())
      assert.equal(
        value === null,
        chart.time[i]! >= from && chart.time[i]! < to,
        `${chart.time[i]}`,
      )
    assert.deepEqual((await ask<TopAnswer>(`top?${around}`)).remarks, [
      'not everything is known of 2026-11-16T10:22:00Z to 2026-11-16T10:29:00Z (Weir was not listening)',
    ])
    const { sentence, window } = await ask<ExplainAnswer>(`explain?${around}`)
    assert.equal(window.kind, 'none', sentence)
    const day = 'from=2026-11-16T00:00Z&to=2026-11-17T00:00Z'
    assert.deepEqual((await ask<IncidentsAnswer>(`incidents?${day}`)).incidents, [])
  })

test('an import in a time of which nothing was known leaves what is before and after it', async () => {
  const none = {
    exporter: 'a',
    isRestart: false,
    lostFlows: 0,
    lostDatagrams: 0,
    isOurs: true,
  } as const
  const was = { ...none, from: 1_000_000, to: 9_000_000 }
  const before = [{ address: 'a', firstSeen: 0, lastSeen: 20_000 }]
  const isElsewhere = async () => false
  const between = async (firstSeen: number, lastSeen: number, address = 'a') => {
    const sent = [{ address, firstSeen, lastSeen }]
    const found = await breaksBetween([was], { before, sent, isElsewhere })
    return found.map(({ from, to }) => [from, to])
  }
  assert.deepEqual(await between(3000, 4000), [
    [1_000_000, 3_000_000],
    [4_000_000, 9_000_000],
  ])
  assert.deepEqual(await between(1010, 8990), [])
  assert.deepEqual(await between(9000, 9500), [[1_000_000, 9_000_000]])
  assert.deepEqual(await between(3000, 4000, 'b'), [[1_000_000, 9_000_000]])
  assert.deepEqual(await between(20_089, 20_100), [[1_000_000, 9_000_000]])
  assert.deepEqual(await between(20_090, 20_100), [
    [1_000_000, 9_000_000],
    [20_000_000, 20_090_000],
  ])
  const lost = { ...was, isOurs: undefined as never, lostDatagrams: 7 }
  const sent = [{ address: 'a', firstSeen: 3000, lastSeen: 4000 }]
  assert.deepEqual(await breaksBetween([lost], { before, sent, isElsewhere }), [lost])
  const many = Array.from({ length: 3000 }, (_, i) => ({ ...lost, to: 1_000_000 + i }))
  assert.equal((await breaksBetween(many, { before, sent, isElsewhere })).length, breaksMax)
})
