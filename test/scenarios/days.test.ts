/** Made days, judged by the sentence that a user reads. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { replayDay } from './replayed.ts'
import { morning, office, take } from './scenarios.ts'

const minute = 60_000
const cutAt = morning + 20 * minute + 7000

test('a cut that had begun before the data does lasted at least as long', async (t) => {
  const [from, to] = [morning - 10 * minute, cutAt + 240_000]
  const client = '10.0.0.17'
  const packets = office({
    seed: 203,
    span: { from: morning - 30 * minute, to: morning + 60 * minute },
    cuts: [{ from, to, except: [client], keeps: 0.01 }],
    more: (line) =>
      take(line, { client, from, seconds: (to - from) / 1000, connections: 40, bytes: 1.2e10 }),
  })().filter(({ time }) => time >= morning)
  const { found, report } = await replayDay(t, [{ packets }])
  assert.deepEqual(found.map(({ kind }) => kind), ['congestion']) // prettier-ignore
  const said = await report(morning, morning + 45 * minute)
  assert.match(said, /09:00:00: traffic through \S+ was cut for at least 24 min \d s\./)
  assert.match(said, /This had begun before the first of these flows: figures are at least these\./)
  assert.match(said, /\| 09:00:00 \| first seen \(it had begun before\): 10\.0\.0\.17 \|/)
  assert.match(said, /of the bytes that they had just after\n/)
})

test('times after midnight have their date in the tables of a report', async (t) => {
  const midnight = Date.UTC(2026, 10, 18)
  const [from, to] = [midnight - 3 * minute, midnight + 4 * minute]
  const client = '10.0.0.17'
  const packets = office({
    seed: 204,
    span: { from: midnight - 25 * minute, to: midnight + 25 * minute },
    cuts: [{ from, to, except: [client], keeps: 0.01 }],
    more: (line) => take(line, { client, from, seconds: 420, connections: 10, bytes: 5e9 }),
  })()
  const { report } = await replayDay(t, [{ packets }])
  const said = await report(midnight - 20 * minute, midnight + 20 * minute)
  assert.match(said, /\| 23:5\d:\d\d \| it begins: 10\.0\.0\.17 \|/)
  assert.match(said, /\| 2026-11-18 00:04:0\d \| it is over \|/)
  assert.match(said, /\| 23:59:0\d\.\d{3} \| 2026-11-18 00:00:0\d\.\d{3} \|/)
})
