/** The chart of a printed report: a gap is hatched, and is never drawn as no traffic. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { chartOf } from '../../api/report/chart.ts'
import type { ExplainAnswer } from '../../api/schema/explain.ts'

type Line = ExplainAnswer['evidence']['series'][number]

function drawn(series: readonly Line[]): { description: string; svg: string } {
  const answer = {
    window: { from: 100, to: 104, seconds: 4, kind: 'exporter', ongoing: false },
    actors: [],
    evidence: { time: [98, 100, 102, 104], step: 2, series },
  }
  return chartOf(answer as unknown as ExplainAnswer, 'UTC')!
}

test('times are marked at whole hours by the clock, also where it is half an hour off', () => {
  const from = Date.UTC(2026, 10, 16, 11, 40) / 1000
  const time = Array.from({ length: 60 }, (_, i) => from + i * 300)
  const window = { from, to: from + 300, seconds: 300, kind: 'surge', ongoing: false }
  const values = time.map(() => 1)
  const answer = {
    window,
    actors: [],
    evidence: { time, step: 300, series: [{ ...others, values }] },
  }
  const { svg } = chartOf(answer as unknown as ExplainAnswer, 'Asia/Kolkata')!
  const times = [...svg.matchAll(/text-anchor="middle"[^>]*>([^<]+)</g)].map(([, text]) => text!)
  assert.deepEqual(times, ['18:00:00', '19:00:00', '20:00:00', '21:00:00', '22:00:00'])
})

const others: Line = {
  label: 'all others',
  host: null,
  direction: 'in',
  values: [5e6, null, null, 6e6],
}

test('time of which nothing is known is hatched, and the legend says so', () => {
  const { description, svg } = drawn([others])
  assert.match(description, /hatched where not known/)
  assert.match(svg, /hatched: not known/)
  // The plot is 638 wide: the gap is its second and third quarter.
  const hatching = /<path d="([^"]+)" stroke="#9aa0a6"/.exec(svg)![1]!
  const x = [...hatching.matchAll(/[ML]([\d.]+) /g)].map(([, at]) => Number(at))
  assert.equal(Math.min(...x), 229.5)
  assert.equal(Math.max(...x), 548.5)
})

test('where a host is known its chart has no hatching, and neither has a whole one', () => {
  const host: Line = {
    label: 'bobby22',
    host: '10.0.0.22',
    direction: 'in',
    values: [1, 2e6, 0, 1],
  }
  for (const series of [[others, host], [{ ...others, values: [1, 0, 0, 1] }]]) {
    const { description, svg } = drawn(series)
    assert.doesNotMatch(description + svg, /hatched|#9aa0a6/)
  }
})
