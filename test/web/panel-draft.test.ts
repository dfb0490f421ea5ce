import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { Errors } from 'typebox/value'

import { Panel } from '../../api/schema/state.ts'
import { SeriesQuery, TopQuery, type SeriesAnswer } from '../../api/schema/schema.ts'
import { figureOf, isNewest } from '../../web/dashboard/figure.ts'
import { figureQuery } from '../../flow/figure-query.ts'
import { isSame } from '../../web/dashboards/editor/changes.ts'
import { faultsOf } from '../../web/dashboards/editor/checks.ts'
import { byOf, chartSplits, draftOf, panelOf } from '../../web/dashboards/editor/draft.ts'
import { readPanel } from '../../web/dashboards/editor/read-panel.ts'
import { standardDashboard } from '../../web/wall/standard.ts'
import { fullWall } from '../browser/wall-dashboard.ts'

const place = { column: 0, row: 0, columns: 3, rows: 2 }
const range = { from: 'now-1h', to: 'now' }
const at = { now: Date.UTC(2026, 10, 26, 9), zone: 'Europe/Brussels' }

type Query = Record<string, string>

/** A panel's query from the form, after changing some fields. */
function queryAfter(panel: object, changed: object = {}): Query {
  const made = panelOf({ ...draftOf(panel as Panel), ...changed })
  return 'query' in made ? (made.query as Query) : {}
}

/** The API's objections to a panel; empty if it accepts it. */
function refusals(made: object): string[] {
  const faults = Errors(Panel, { ...made, place }).map(({ message }) => message)
  const { kind, query } = made as { kind: string; query?: Query }
  if (query === undefined) return faults
  const asked = Errors(kind === 'top' ? TopQuery : SeriesQuery, query)
  return [...faults, ...asked.map(({ message }) => message)]
}

describe('a panel in its form', () => {
  test('goes into the form and comes back the same, except for explicit defaults', () => {
    const said = { top: '8', points: '400' }
    for (const panel of [...standardDashboard.panels, ...fullWall.panels]) {
      const { place: _, ...rest } = panel
      const made = panelOf(draftOf(rest))
      assert.deepEqual(refusals(made), [])
      if (!('query' in rest)) {
        const limit = rest.kind === 'incidents' ? { limit: rest.limit ?? 5 } : {}
        assert.deepEqual(made, { ...rest, ...limit })
        continue
      }
      const { query, ...own } = made as typeof rest
      const style = rest.kind === 'chart' ? { style: rest.style ?? 'mirrored' } : {}
      assert.deepEqual({ ...own, query: {} }, { ...rest, ...style, query: {} })
      for (const [name, value] of Object.entries(query))
        assert.equal(value, rest.query[name] ?? said[name as keyof typeof said], name)
      for (const name of Object.keys(rest.query)) assert.ok(Object.hasOwn(query, name), name)
    }
  })

  test('every kind of new panel is accepted by the API', () => {
    for (const kind of ['chart', 'live', 'top', 'number', 'incidents', 'clock'] as const)
      assert.deepEqual(refusals(panelOf({ ...draftOf(null), kind })), [], kind)
    assert.deepEqual(refusals(panelOf({ ...draftOf(null), kind: 'text', text: 'call 4711' })), [])
    for (const split of chartSplits)
      assert.deepEqual(refusals(panelOf({ ...draftOf(null), by: byOf(split) })), [], split)
  })

  test('keeps parameters without a field as long as the kind stays', () => {
    const chart = { kind: 'chart', query: { ...range, by: 'host,port', cf: 'max', key: 'x', step: '60' } } // prettier-ignore
    assert.deepEqual(
      queryAfter(chart, { filter: 'port 443' }),
      { ...chart.query, points: '400', top: '8', filter: 'port 443' },
    ) // prettier-ignore
    // A key belongs to one split: with another split it would be refused.
    assert.equal(queryAfter(chart, { by: 'port,direction' })['key'], undefined)
    assert.deepEqual(queryAfter(chart, { kind: 'top' }), { ...range, by: 'host', limit: '8' })
  })

  test('an interface is a key of the totals, or a condition in front of the filter', () => {
    const chart = { kind: 'chart', query: { ...range, exporter: 'pfsense', by: 'host,direction' } }
    const alone = queryAfter(chart, { interface: '3', by: byOf('interface') })
    assert.equal(alone['by'], 'interface,direction')
    assert.equal(alone['key'], '3')
    assert.equal(alone['filter'], undefined)
    const narrowed = queryAfter(chart, { interface: '3', filter: 'port 80 or port 443' })
    assert.equal(narrowed['filter'], 'if 3 and (port 80 or port 443)')
    assert.equal(narrowed['key'], undefined)
    for (const query of [alone, narrowed]) {
      const draft = draftOf({ kind: 'chart', query } as Panel)
      assert.equal(draft.interface, '3')
      assert.equal(draft.filter, query === alone ? '' : 'port 80 or port 443')
      assert.deepEqual(queryAfter({ kind: 'chart', query }), query)
      const all = queryAfter({ kind: 'chart', query }, { interface: '' })
      assert.equal(all['key'], undefined)
      assert.doesNotMatch(all['filter'] ?? '', /if 3/)
    }
    const commented = queryAfter(chart, { interface: '3', filter: 'port 80 # web' })
    assert.equal(commented['filter'], 'if 3 and (port 80 # web\n)')
    assert.deepEqual(queryAfter({ kind: 'chart', query: commented }), commented)
    const figure = { kind: 'number', statistic: 'last', query: { ...range, exporter: 'pfsense' } }
    const received = queryAfter(figure, { interface: '3', direction: 'in' })
    assert.deepEqual(
      [received['by'], received['key'], received['filter']],
      ['interface,direction', '3', undefined],
    )
  })

  test('trackers are queried without a filter, days with their zone', () => {
    const chart = { kind: 'chart', query: { ...range, filter: 'port 443', by: 'host,direction' } }
    const query = queryAfter(chart, { by: byOf('tracker'), tracker: 'files' })
    assert.deepEqual([query['by'], query['tracker'], query['filter']], ['tracker,direction', 'files', undefined]) // prettier-ignore
    const today = queryAfter(chart, { from: 'now/d', tz: 'Europe/Brussels' })
    assert.equal(today['tz'], 'Europe/Brussels')
    assert.equal(queryAfter(chart, { from: 'now-6h', tz: 'Europe/Brussels' })['tz'], undefined)
  })

  test('a threshold is written short and read exactly', () => {
    for (const threshold of [6e7, 2.5e9, 40, 1500, 123_456_789]) {
      const draft = draftOf({ kind: 'chart', query: range, threshold } as unknown as Panel)
      assert.equal((panelOf(draft) as { threshold?: number }).threshold, threshold, draft.threshold)
    }
    assert.equal(draftOf({ kind: 'chart', query: range, threshold: 6e7 } as unknown as Panel).threshold, '60M') // prettier-ignore
  })
})

describe('faults are shown at their fields', () => {
  const chart = draftOf(null)
  const fields = (changed: object) => Object.keys(faultsOf({ ...chart, ...changed }, at)).sort()

  test('none, if there are none', () => {
    assert.deepEqual(fields({}), [])
    assert.deepEqual(fields({ threshold: '2.5G', from: '2026-11-16 11:20', to: 'now' }), [])
  })

  test('times, figures, counts, texts', () => {
    assert.deepEqual(fields({ from: 'noon' }), ['from'])
    assert.deepEqual(fields({ from: 'now', to: 'now-1h' }), ['to'])
    assert.deepEqual(fields({ threshold: 'sixty', top: '0' }), ['threshold', 'top'])
    assert.deepEqual(fields({ title: 'x'.repeat(201) }), ['title'])
    assert.deepEqual(fields({ interface: 'wan' }), ['interface'])
    assert.deepEqual(fields({ kind: 'text' }), ['text'])
    assert.deepEqual(fields({ kind: 'incidents', listed: '51' }), ['listed'])
    assert.deepEqual(fields({ kind: 'top', limit: '1001' }), ['limit'])
  })

  test('fields that a kind does not have are ignored', () => {
    assert.deepEqual(fields({ kind: 'clock', from: 'noon', threshold: 'sixty', top: '0' }), [])
  })
})

describe('a panel from JSON', () => {
  test('is read into the form, without its place', () => {
    const panel = { kind: 'number', title: 'In', statistic: 'last', direction: 'in', query: range }
    const read = readPanel(JSON.stringify({ ...panel, place }))
    assert.ok(typeof read === 'object')
    const made = panelOf(read) as typeof panel
    assert.equal(made.direction, 'in')
    assert.equal(made.title, 'In')
  })

  test('is refused with a reason', () => {
    for (const [text, about] of [
      ['{', /not JSON/],
      ['[]', /an object/],
      ['{"kind": "pie"}', /"kind" is one of chart/],
      ['{"kind": "chart"}', /needs a "query"/],
      ['{"kind": "top", "query": {"limit": 8}}', /"limit" must be a text/],
      ['{"kind": "clock", "colour": "red"}', /no "colour"/],
      ['{"kind": "text"}', /needs "text"/],
      ['{"kind": "text", "text": 5}', /"text" must be a text/],
      ['{"kind": "chart", "title": null, "query": {}}', /"title" must be a text/],
      ['{"kind": "number", "query": {}}', /needs "statistic"/],
      ['{"kind": "live", "measure": "bits", "seconds": "60"}', /"seconds" must be a number/],
    ] as const) {
      const read = readPanel(text)
      assert.ok(typeof read === 'string', text)
      assert.match(read, about)
    }
  })
})

test('a figure for one direction excludes the others; what is not known in its last step is no part of it', () => {
  const entry = (direction: string, values: (number | null)[]) => {
    const last = values.findLast((value) => value !== null) ?? null
    return { key: { direction }, values, summary: { last, maximum: last } } as unknown as SeriesAnswer['series'][number] // prettier-ignore
  }
  const series = [entry('in', [5, 6, null]), entry('out', [5, 6, 7]), entry('transit', [1, 2, 3])]
  const answer = { series, time: [0, 300, 600], step: 300, open: null, unknown: [] }
  const last = { statistic: 'last' } as const
  assert.deepEqual(figureOf(answer, last), { value: 10, end: 900 })
  assert.deepEqual(figureOf(answer, { ...last, direction: 'in' }), { value: 6, end: 600 })
  assert.equal(figureOf(answer, { ...last, direction: 'internal' }), null)
  assert.deepEqual(figureOf(answer, { statistic: 'maximum' }), { value: 7, end: 900 })
  // The API leaves the open step out of what was last.
  assert.equal(figureOf({ ...answer, open: [600, 700] }, last)?.end, 600)
  // Of a long step, the end of what was heard: that is its age.
  const silent: SeriesAnswer['unknown'] = [
    [400, 450, 'lost'],
    [700, 800, 'not-listening'],
    [800, 10_000, 'not-seen'],
  ]
  assert.deepEqual(figureOf({ ...answer, unknown: silent }, last), { value: 10, end: 700 })
  const unknownOf = ['', 'edge', 'edge']
  assert.equal(figureOf({ ...answer, unknown: silent, unknownOf }, last)?.end, 900)
})

test('of a time of which nothing is known no total is shown, and of one without traffic it is 0', () => {
  const of = (values: (number | null)[], total: number) => {
    const series = [{ key: {}, values, summary: { total } }] as unknown as SeriesAnswer['series']
    const answer = { series, time: [0, 300], step: 300, open: null, unknown: [] }
    return figureOf(answer, { statistic: 'total' })?.value ?? null
  }
  assert.equal(of([null, null], 0), null)
  assert.equal(of([null, 0], 0), 0)
  assert.equal(of([null, null], 7), 7)
})

test('a figure of all directions is asked for as their sum, whose greatest is that of no direction', () => {
  const query = { from: 'now-1h', by: 'direction' }
  assert.deepEqual(figureQuery(query), { from: 'now-1h' })
  assert.equal(figureQuery(query, 'in'), query)
  const figure = { ...query, by: 'interface,direction', key: '3' }
  assert.deepEqual(figureQuery(figure), { from: 'now-1h', by: 'interface', key: '3' })
})

test('the last figure is of now only while no newer one can be there', () => {
  assert.ok(isNewest(600, 300, 600 + 300 + 60))
  assert.ok(!isNewest(600, 300, 600 + 300 + 180))
  assert.ok(isNewest(600, 1800, 600 + 1800 + 60))
})

test('two values are equal whatever the order of their properties', () => {
  assert.ok(isSame({ a: 1, b: [{ c: 2, d: 3 }] }, { b: [{ d: 3, c: 2 }], a: 1 }))
  assert.ok(!isSame({ a: 1 }, { a: 1, b: undefined }))
  assert.ok(!isSame([1, 2], [2, 1]))
  assert.ok(!isSame({ a: null }, { a: {} }))
})
