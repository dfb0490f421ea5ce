import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { SeriesAnswer } from '../../api/schema/schema.ts'
import type { Layer, Layers } from '../../web/chart/layers.ts'
import { cutName, readoutAt, spoken } from '../../web/chart/readout.ts'
import type { Scene } from '../../web/chart/scene.ts'
import { stack } from '../../web/chart/stack.ts'

const start = Date.parse('2026-11-16T11:32:10Z') / 1000

function layer(id: string, direction: Layer['direction'], values: (number | null)[]): Layer {
  const half = direction === 'out' ? 'below' : 'above'
  return { id, label: id, key: {}, direction, half, values, summary: {} }
}

const all = [
  layer('10.0.0.11', 'in', [2e6, 1e3, null]),
  layer('10.0.0.22', 'in', [1e6, 120e6, null]),
  layer('10.0.0.22', 'internal', [0, 5e3, null]),
  layer('10.0.0.22', 'out', [4e5, 0, null]),
]
const answer: SeriesAnswer = {
  from: start,
  to: start + 15,
  asked: { from: start, to: start + 15 },
  snapped: false,
  step: 5,
  source: 'archive',
  cf: 'average',
  measure: 'bits',
  by: ['host', 'direction'],
  time: [start, start + 5, start + 10],
  series: [],
  unknown: [[start + 10, start + 15, 'not-listening']],
  lost: [[start + 5, start + 10, 1200, true]],
  open: [start + 10, start + 12],
  remarks: [],
}
const layers: Layers = {
  answer,
  layers: all,
  total: { above: [3e6, 120.006e6, null], below: [4e5, 0, null] },
  totals: [],
  peak: null,
  peakIsBound: false,
  comparedIsBound: false,
  compared: null,
  localOnly: true,
}
const half = (name: 'above' | 'below') =>
  stack(all, name, layers.total[name]).map((stacked) => ({ ...stacked, colour: '#43c0f3' }))
const scene: Scene = {
  answer,
  time: [...answer.time, answer.to],
  layers: { above: half('above'), below: half('below') },
  outline: { above: [], below: [] },
  peak: null,
  compared: null,
  lines: false,
  levels: [],
  notes: [],
  unknown: [[start + 10, start + 15, 'not-listening', '']],
  undrawn: [],
  lost: answer.lost,
  open: answer.open,
}
const read = { zone: 'UTC', comparedWith: 'the day before' }
const at = (index: number) => readoutAt(index, { scene, layers, ...read })

test('names that are too long for the card keep their start and their end', () => {
  assert.equal(cutName('2001:1db8:85a3:18d3:1319:8a2e:1370:7348', 39).length, 39)
  const names = [1, 2].map((i) => `second-border-router.noc.example.com interface ${i}`)
  const cut = names.map((name) => cutName(name, 39))
  assert.deepEqual(cut, [
    'second-border-rout…mple.com interface 1',
    'second-border-rout…mple.com interface 2',
  ])
})

describe('the figures at the cursor', () => {
  test('the greatest at that step comes first, zeros are left out', () => {
    const [above, below] = at(1).halves
    assert.deepEqual(
      above?.rows.map((row) => `${row.label} ${row.value}`),
      ['10.0.0.22 120.00 Mb/s', '10.0.0.22 (internal) 5.00 kb/s', '10.0.0.11 1.00 kb/s'],
    )
    assert.equal(above?.total, '120.01 Mb/s')
    assert.deepEqual([below?.total, below?.rows], ['0 b/s', []])
  })
  test('lost flows and the open step are mentioned', () => {
    assert.deepEqual(at(0).notes, [])
    assert.deepEqual(at(1).notes, ['about 1,200 flows lost'])
    assert.deepEqual(at(2).notes, ['still being counted: too low until its flows are reported'])
  })
  test('unknown time has its reason and no figures', () => {
    assert.equal(at(2).unknown, 'no data: Weir was not listening')
    assert.equal(at(2).halves[0]?.total, '?')
    assert.match(spoken(at(2)), /^Mon 16 Nov 11:32:20 – 11:32:25: no data: Weir was not listening$/)
  })
  test('what is known while an exporter is away is shown, marked as incomplete', () => {
    const away: Scene = { ...scene, unknown: [[start, start + 5, 'lost', 'edge-1']] }
    const readout = readoutAt(0, { scene: away, layers, ...read })
    assert.equal(readout.unknown, '')
    assert.deepEqual(readout.notes, [
      'in part no data of edge-1: datagrams were lost on the way, or wait for their template',
    ])
  })
  test('of a step without a figure the reason is that of all exporters, not of one that was away before', () => {
    const [from, to] = [start + 10, start + 15]
    const away: Scene = {
      ...scene,
      unknown: [
        [from, from + 1, 'lost', 'edge-1'],
        [from + 1, to, 'not-listening', ''],
      ],
    }
    const { unknown } = readoutAt(2, { scene: away, layers, ...read })
    assert.equal(unknown, 'no data: Weir was not listening')
  })
  test('connections are opened inward and outward, not received and sent', () => {
    const opened: Scene = { ...scene, answer: { ...scene.answer, measure: 'connections' } }
    const titles = readoutAt(0, { scene: opened, layers, ...read }).halves
    assert.deepEqual(
      titles.map(({ title }) => title),
      ['inward', 'outward'],
    )
  })
  test('what it is compared with stands beside the total', () => {
    const compared = { above: [2e6, null, null], below: [1e5, null, null] }
    const readout = readoutAt(0, { scene, layers: { ...layers, compared }, ...read })
    assert.deepEqual(
      readout.halves.map((half) => half.compared),
      [
        { label: 'the day before', total: '2.00 Mb/s' },
        { label: 'the day before', total: '100.00 kb/s' },
      ],
    )
    assert.match(spoken(readout), /2\.00 Mb\/s, the day before 2\.00 Mb\/s; sent/)
    assert.equal(at(0).halves[0]?.compared, null)
  })
  test('it can be read aloud', () => {
    assert.equal(
      spoken(at(0)),
      'Mon 16 Nov 11:32:10 – 11:32:15: received 3.00 Mb/s, most of it 10.0.0.11 2.00 Mb/s; ' +
        'sent 400.00 kb/s, most of it 10.0.0.22 400.00 kb/s',
    )
  })
})

test('a step of which less than half is known says that, and not why the rest of it is unknown', () => {
  const undrawn: Scene['undrawn'] = [[scene.time[2]!, scene.time[3]!]]
  const source = { layers, zone: 'UTC', comparedWith: '' }
  assert.equal(
    readoutAt(2, { ...source, scene: { ...scene, undrawn } }).unknown,
    'less than half of it is known',
  )
})
