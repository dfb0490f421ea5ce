import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Key, SeriesAnswer, TopRow } from '../../api/schema/schema.ts'
import type { Tracker } from '../../api/schema/trackers.ts'
import { isOfHosts, panelLayers } from '../../web/dashboard/panel-layers.ts'
import { topFigure } from '../../web/dashboard/top-figure.ts'
import { groupLayers } from '../../web/trackers/group-layers.ts'

const summary = { average: 1, maximum: 1, minimum: 1, last: 1, p95: 1, total: 1 }

function answerOf(by: string[], lines: readonly [Key, (number | null)[]][]): SeriesAnswer {
  const series = lines.map(([key, values]) => {
    const label = Object.values(key).join(' ')
    return { key, label, values, summary }
  })
  const time = [0, 300, 600]
  return { by, time, series, from: 0, to: 900, step: 300, unknown: [], lost: [], open: null } as unknown as SeriesAnswer // prettier-ignore
}

test('a name that ends like a direction stays whole, with directions and without', () => {
  const label = 'the way in'
  const totals = null
  for (const direction of [undefined, 'in', 'out']) {
    const by = direction === undefined ? ['port'] : ['port', 'direction']
    const key: Key = direction === undefined ? { port: 443 } : { port: 443, direction }
    const answer = answerOf(by, [[key, [1, 2, 3]]])
    answer.series[0]!.label = direction === undefined ? label : `${label} ${direction}`
    const { layers } = panelLayers(answer, { totals, isLocal: () => false })
    assert.deepEqual([layers[0]!.label, layers[0]!.direction], [label, direction ?? 'in'])
  }
})

test('in the chart of a group a tracker has its whole name, on its side', () => {
  const members = [
    { id: 'a', name: 'Web in', side: 'above' },
    { id: 'b', name: 'log out', side: 'below' },
  ] as Tracker[]
  const answer = answerOf(['tracker'], [[{ tracker: 'b' }, [1, 2, 3]], [{ tracker: 'a' }, [4, 5, 6]]]) // prettier-ignore
  const { layers } = groupLayers(answer, members)
  const shown = layers.map(({ label, half }) => [half, label])
  assert.deepEqual(shown.toSorted(), [['above', 'Web in'], ['below', 'log out']]) // prettier-ignore
})

describe('a dashboard’s chart by host without directions', () => {
  const isLocal = (host: string) => host.startsWith('10.')
  const keyed = answerOf(
    ['host'],
    [
      [{ host: '192.0.2.1' }, [90, 90, 90]],
      [{ host: '10.0.0.1' }, [60, 10, 5]],
      [{ other: true }, [500, 500, 500]],
    ],
  )
  const totals = answerOf(
    ['direction'],
    [
      [{ direction: 'in' }, [70, 20, null]],
      [{ direction: 'out' }, [10, 0, null]],
      [{ direction: 'internal' }, [5, 0, null]],
      [{ direction: 'transit' }, [1000, 0, null]],
    ],
  )

  test('is of all our hosts: its rest is what the others of them received and sent', () => {
    assert.ok(isOfHosts({ by: 'host' }) && isOfHosts({ by: 'host,direction' }))
    assert.ok(!isOfHosts({ by: 'host', key: '10.0.0.1' }))
    const { layers } = panelLayers(keyed, { totals, isLocal })
    assert.deepEqual(
      layers.map(({ id, half, values }) => [id, half, values]),
      [
        ['10.0.0.1', 'above', [60, 10, 5]],
        ['other', 'above', [30, 10, null]],
      ],
    )
  })

  test('has both ends of each flow, and the API’s own rest, if no host is ours', () => {
    const { layers } = panelLayers(keyed, { totals, isLocal: () => false })
    assert.deepEqual(
      layers.map(({ id }) => id),
      ['192.0.2.1', '10.0.0.1', 'other'],
    )
  })
})

test('a top list has the figure that it is ordered by', () => {
  const row = { bytes: 1000, packets: 2000, flows: 3, peers: 40, first: 100, last: 180 } as TopRow
  const figure = (order: string) => {
    const { valueOf, text } = topFigure({ order, from: 120, to: 160, include: 'any' })
    return text(valueOf(row))
  }
  assert.deepEqual(['bytes', 'packets', 'flows', 'peers', 'rate', 'duration'].map(figure), [
    '1.00 kB',
    '2.00 k',
    '3',
    '40',
    '200 b/s',
    '40 s',
  ])
})
