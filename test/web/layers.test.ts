import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import fc from 'fast-check'

import type { Key, SeriesAnswer, SeriesEntry } from '../../api/schema/schema.ts'
import { captionParts } from '../../web/chart/caption-parts.ts'
import { keyId, makeLayers, remainder, type Layer, type Layers } from '../../web/chart/layers.ts'
import { outline, stack } from '../../web/chart/stack.ts'
import { defaultView } from '../../web/state/address.ts'
import { legendRows } from '../../web/tables/legend-rows.ts'

function entry(key: Key, values: (number | null)[], label = ''): SeriesEntry {
  const known = values.filter((value): value is number => value !== null)
  const total = known.reduce((sum, value) => sum + value, 0)
  const summary = {
    average: known.length > 0 ? total / known.length : null,
    maximum: known.length > 0 ? Math.max(...known) : null,
    minimum: known.length > 0 ? Math.min(...known) : null,
    last: values.findLast((value) => value !== null) ?? null,
    p95: null,
    total,
  }
  return { key, label, values, summary }
}

function answer(series: SeriesEntry[]): SeriesAnswer {
  const steps = series[0]?.values.length ?? 0
  return {
    from: 1000,
    to: 1000 + 10 * steps,
    asked: { from: 1000, to: 1000 + 10 * steps },
    snapped: false,
    step: 10,
    source: 'archive',
    cf: 'average',
    measure: 'bits',
    by: [],
    time: Array.from({ length: steps }, (_, i) => 1000 + 10 * i),
    series,
    unknown: [],
    lost: [],
    open: null,
    remarks: [],
  }
}

const isLocal = (host: string) => host.startsWith('10.')

function find(layers: Layers, id: string, half: 'above' | 'below'): Layer {
  const found = layers.layers.find((layer) => layer.id === id && layer.half === half)
  assert.ok(found, `${id} ${half}`)
  return found
}

describe('split by host', () => {
  const keyed = answer([
    entry({ host: '10.0.0.1', direction: 'in' }, [8, null, 6]),
    entry({ host: '203.0.113.9', direction: 'out' }, [8, 5, 6]),
    entry({ host: '10.0.0.1', direction: 'out' }, [1, 1, 1]),
    entry({ other: true, direction: 'in' }, [9, 9, 9]),
  ])
  const totals = answer([
    entry({ direction: 'in' }, [10, 5, null]),
    entry({ direction: 'out' }, [3, 3, null]),
    entry({ direction: 'internal' }, [2, 0, null]),
    entry({ direction: 'transit' }, [4, 4, null]),
  ])
  const layers = makeLayers({ split: 'host', keyed, totals, peak: null, isLocal })

  test('only local hosts are drawn, received above and sent below', () => {
    assert.deepEqual([...new Set(layers.layers.map((layer) => layer.id))], ['10.0.0.1', 'other'])
    assert.ok(layers.localOnly)
  })
  test('the halves are what local hosts received and sent; internal traffic is both', () => {
    assert.deepEqual(layers.total, { above: [12, 5, null], below: [5, 3, null] })
  })
  test('if nothing came in, unknown is not 0', () => {
    const none = { ...answer([]), time: [1000, 1010], to: 1020 }
    const totals: SeriesAnswer = { ...none, unknown: [[1000, 1010, 'not-listening']] }
    const made = makeLayers({ split: 'host', keyed: none, totals, peak: null, isLocal })
    assert.deepEqual(made.total, { above: [null, 0], below: [null, 0] })
    const ofOne = { ...totals, unknownOf: ['edge-1'] }
    const others = makeLayers({ split: 'host', keyed: none, totals: ofOne, peak: null, isLocal })
    assert.deepEqual(others.total, { above: [0, 0], below: [0, 0] }, 'others are known')
  })
  test('if everything is unknown the rest is unknown too, not 0', () => {
    const { summary } = entry({}, [null])
    const all = answer([
      { ...entry({ direction: 'in' }, [null]), summary: { ...summary, total: 9 } },
    ])
    const one = answer([entry({ host: '10.0.0.1', direction: 'in' }, [null])])
    const unknown = makeLayers({ split: 'host', keyed: one, totals: all, peak: null, isLocal })
    const { average, last, total } = find(unknown, 'other', 'above').summary
    assert.deepEqual({ average, last, total }, { average: null, last: null, total: 9 })
  })
  test('other is the total less the listed keys: an unknown key counts in other', () => {
    assert.deepEqual(find(layers, 'other', 'above').values, [4, 5, null])
    assert.equal(find(layers, 'other', 'above').summary.total, 17 - 14)
    // Of what is drawn: 10.0.0.1 is unknown in one step, so that its average is not a part of the whole's.
    assert.equal(find(layers, 'other', 'above').summary.average, (4 + 5) / 2)
    assert.equal(find(layers, 'other', 'above').summary.last, 5)
    assert.equal(find(layers, 'other', 'above').summary.p95, undefined)
  })
  test('if no host is local, all are drawn', () => {
    const all = makeLayers({ split: 'host', keyed, totals, peak: null, isLocal: () => false })
    assert.deepEqual(all.total.above, [19, 12, null])
    assert.ok(all.layers.some((layer) => layer.id === '203.0.113.9'))
  })
})

describe('split by port', () => {
  const keyed = answer([
    entry({ protocol: 'tcp', port: 443, direction: 'in' }, [5], '443/tcp https in'),
    entry({ protocol: 'tcp', port: 443, direction: 'internal' }, [1], '443/tcp https internal'),
    entry({ protocol: 'tcp', port: 443, direction: 'out' }, [2], '443/tcp https out'),
    entry({ other: true, direction: 'in' }, [3]),
    entry({ other: true, direction: 'out' }, [0]),
  ])
  const totals = answer([
    entry({ direction: 'in' }, [8]),
    entry({ direction: 'out' }, [2]),
    entry({ direction: 'internal' }, [1]),
    entry({ direction: 'transit' }, [0]),
  ])
  const layers = makeLayers({ split: 'port', keyed, totals, peak: totals, isLocal })

  test('each flow is drawn once: in, internal and transit above, out below', () => {
    assert.deepEqual(layers.total, { above: [9], below: [2] })
    assert.deepEqual(
      layers.layers.map(({ id, direction, half }) => `${id} ${direction} ${half}`),
      ['tcp/443 in above', 'tcp/443 internal above', 'tcp/443 out below', 'other in above'],
    )
  })
  test("the rest has the API's own summary", () => {
    assert.deepEqual(find(layers, 'other', 'above').summary, keyed.series[3]!.summary)
  })
  test('a maximum of several directions is marked as a bound', () => {
    assert.deepEqual(layers.peak?.above, [9])
    assert.ok(layers.peakIsBound)
    const unknown = answer([
      entry({ direction: 'in' }, [null]),
      entry({ direction: 'out' }, [null]),
    ])
    assert.equal(makeLayers({ split: 'port', keyed, totals, peak: unknown, isLocal }).peak, null)
  })
  test('the legend has one line per key, its internal part beneath, and the totals last', () => {
    const rows = legendRows(
      layers,
      layers.layers.map(() => '#000000'),
    )
    assert.deepEqual(
      rows.map((row) => [row.name, row.above?.total ?? null, row.below?.total ?? null]),
      [
        ['443/tcp https', 5, 2],
        ['443/tcp https · internal', 1, null],
        ['other', 3, null],
        ['all, in and out', 8, 2],
        ['all internal', 1, null],
      ],
    )
  })
  test('a key has the same id in each direction', () => {
    assert.equal(keyId({ key: { protocol: 'udp', port: 53, direction: 'out' } }), 'udp/53')
    assert.equal(keyId({ key: { direction: 'out' } }), 'out')
  })
})

test('split by exporter, one that is away does not hide the others', () => {
  const keyed = answer([
    entry({ exporter: '10.0.0.1', direction: 'in' }, [5, 6, 7]),
    entry({ exporter: '10.0.0.2', direction: 'in' }, [2, null, 2]),
  ])
  // A sum with an unknown part is unknown.
  const totals = answer([entry({ direction: 'in' }, [7, null, 9])])
  const layers = makeLayers({ split: 'exporter', keyed, totals, peak: null, isLocal })
  const edges = stack(layers.layers, 'above', layers.total.above).map(({ edge }) => edge)
  assert.deepEqual(edges, [
    [5, 6, 7],
    [7, null, 9],
  ])
  const byPort = makeLayers({ split: 'port', keyed, totals, peak: null, isLocal })
  assert.equal(byPort.total.above[1], null)
})

describe('stacking', () => {
  const value = fc.option(fc.integer({ min: 0, max: 1_000_000 }), { nil: null })
  const columns = fc.integer({ min: 1, max: 20 }).chain((length) =>
    fc.record({
      total: fc.array(value, { minLength: length, maxLength: length }),
      values: fc.array(fc.array(value, { minLength: length, maxLength: length }), { maxLength: 6 }),
    }),
  )
  const layer = (values: (number | null)[], i: number): Layer => ({
    id: String(i),
    label: '',
    key: {},
    direction: 'in',
    half: 'above',
    values,
    summary: {},
  })

  test('an unknown step is a gap in every layer and never a zero; edges add up to the known values', () => {
    fc.assert(
      fc.property(columns, ({ total, values }) => {
        const stacked = stack(values.map(layer), 'above', total)
        const edges = outline(stacked, total)
        total.forEach((all, i) => {
          const known = values.map((column) => column[i] ?? null).filter((v) => v !== null)
          const sum = known.reduce((a, b) => a + b, 0)
          assert.equal(edges[i], all === null ? null : sum)
          stacked.forEach(({ edge }, k) => {
            const gap = all === null || values[k]![i] === null
            assert.equal(edge[i] === null, gap)
          })
        })
      }),
    )
  })
  test('below the axis edges are negative', () => {
    const below = [layer([1, null, 2], 0), layer([3, 4, 5], 1)].map((l) => ({
      ...l,
      half: 'below' as const,
    }))
    const stacked = stack(below, 'below', [9, 9, null])
    assert.deepEqual(
      stacked.map(({ edge }) => edge),
      [
        [-1, null, null],
        [-4, -4, null],
      ],
    )
  })
  test('listed and remainder make up the total', () => {
    assert.deepEqual(remainder([10, null, 5], [{ values: [4, 1, null] }, { values: [6, 1, 2] }]), [
      0,
      null,
      3,
    ])
  })
})

describe('an office with public addresses that is not in WEIR_LOCAL', () => {
  const keyed = answer([
    entry({ host: '2001:db8:1::1', direction: 'transit' }, [8, 8], '2001:db8:1::1'),
  ])
  const totals = answer([entry({ direction: 'transit' }, [8, 8])])
  const all = makeLayers({ split: 'host', keyed, totals, peak: null, isLocal: () => false })

  test('there is no row for in and out', () => {
    const rows = legendRows(all, ['red'])
    assert.deepEqual(rows.map(({ name }) => name), ['2001:db8:1::1 · transit', 'all transit']) // prettier-ignore
  })

  test('the caption says why all is transit, and of which setting it depends', () => {
    const drawn = { unknown: [], undrawn: [], open: null, lost: [] }
    const shown = { view: defaultView, comparedFault: null, keyed }
    assert.ok(captionParts(all, drawn, shown).some((part) => part.includes('WEIR_LOCAL')))
    const mixed = answer([...totals.series, entry({ direction: 'in' }, [1, 1])])
    const local = makeLayers({
      split: 'host',
      keyed,
      totals: mixed,
      peak: null,
      isLocal: () => false,
    })
    assert.ok(!captionParts(local, drawn, shown).some((part) => part.includes('WEIR_LOCAL')))
  })
})
