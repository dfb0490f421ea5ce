/**
 * A small run of `node test/bench/memory.ts`: memory under load stays within its bounds, with every
 * flow counted.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { memoryLines, memoryUnderLoad, steadyOf, type MemoryUse } from './memory.ts'

test('at 20,000 flows per second between 20,000 hosts ingest needs less than 300 MiB, and counts every flow across an interval’s end', async (t) => {
  const load = { rate: 20_000, hosts: 20_000, seconds: 24, crossesEnd: true }
  const use = await memoryUnderLoad(load)
  for (const line of memoryLines(use, load)) t.diagnostic(line)
  assert.equal(use.dropped, 0)
  assert.equal(use.flows, use.sentFlows)
  const steady = steadyOf(use).all
  assert.ok(steady > 100 && steady < 300, `steady ${steady} MiB`)
  assert.ok(use.endSecond !== null && use.endSecond > 0, `it ends in second ${use.endSecond}`)
  assert.ok(use.peakMiB >= steady && use.peakMiB < 350, `${use.peakMiB} MiB`)
})

test('the memory figures are those measured, beside their targets', () => {
  const resident = (all: number) => ({ all, files: 90, beside: all === 400 ? 70 : 0 })
  const use: MemoryUse = {
    sentFlows: 10,
    flows: 9,
    dropped: 1,
    idle: resident(180),
    // Twenty seconds after the end memory has not settled yet.
    perSecond: [200, 210, 220, 230, 240, 250, 260, 270, 280, 410]
      .concat(Array.from({ length: 19 }, () => 300))
      .concat([310, 315, 400, 400])
      .map(resident),
    endSecond: 9,
    peakMiB: 425,
    cpuSecondsPerMillion: 1.5,
  }
  const text = memoryLines(use, { rate: 100_000, hosts: 100_000, seconds: 11 }).join('\n')
  for (const said of [
    /asked is under 300 MiB/,
    /steady .* 270 MiB/,
    /most before .* 280 MiB/,
    /most over .* 410 MiB/,
    /after it, .* 315 MiB/,
    /425 MiB: NOT under what is asked; steady under/,
    /with the processes that it begins, at most 470 MiB/,
    /9 of 10 flows counted, 1 dropped/,
  ])
    assert.match(text, said)
  const many = memoryLines(use, { rate: 100_000, hosts: 1_000_000, seconds: 11 }).join('\n')
  assert.match(many, /asked is under 1024 MiB/)
  assert.match(many, /425 MiB: under what is asked/)
})
