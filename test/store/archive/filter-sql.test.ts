/** SQL and the predicate select the same flows for a filter, and so does a naive implementation. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { NetworkSet } from '../../../flow/address.ts'
import type { FlowColumns } from '../../../flow/columns.ts'
import { packHalves } from '../../../flow/filter/packed-halves.ts'
import { compilePredicate, type FilteredFlows } from '../../../flow/filter/predicate.ts'
import type { Filter } from '../../../flow/filter.ts'
import { openFlowStore } from '../../../store/archive/query.ts'
import type { FlowSeries, Include } from '../../../store/flows.ts'
import { drawnOne } from '../../drawn.ts'
import { holds } from '../../flow/filter-reference.ts'
import { generatedFilters } from '../../flow/generated-filters.ts'
import { scratchFolder } from '../../processes.ts'
import { archive, columnsOf, t0, type TestFlow } from './archived.ts'
import { addresses, generatedFlow as flow } from './generated-flows.ts'
import { valuesOf } from './reference.ts'

const oneOf = <Value>(...values: Value[]) => fc.constantFrom(...values)
const runs = 1000
const list = fc.array(flow, { minLength: 250, maxLength: 250 })

/** The same flows with their distinct halves of addresses known. */
function withDistinct(flows: FlowColumns): FilteredFlows {
  const distinct: FilteredFlows['distinct'] = (half) => {
    const values = Array.from({ length: flows.count }, (_, i) => flows[half].slice(2 * i, 2 * i + 2)) // prettier-ignore
    const names = values.map((words) => words.join())
    const firsts = [...new Set(names)].map((name) => names.indexOf(name))
    const places = Uint16Array.from(names, (name) => firsts.findIndex((first) => names[first] === name)) // prettier-ignore
    const words = Uint32Array.from(firsts.flatMap((first) => [...values[first]!]))
    return { ...packHalves(words), places, placesOf: () => places }
  }
  return { ...flows, distinct }
}

test('1,000 filters: SQL, predicate and the naive implementation agree', async (t) => {
  // The time of receipt identifies each flow.
  const flows: TestFlow[] = drawnOne(list).map((each, i) => ({ ...each, received: t0 + i }))
  const columns = columnsOf(flows)
  const folder = await scratchFolder()
  await archive(folder, flows)
  const store = await openFlowStore(folder, { local: new NetworkSet([]) })
  t.after(() => store.close())
  const out = new Uint8Array(flows.length)
  const rowsOf = (filter: Filter, of: FilteredFlows) => {
    compilePredicate(filter).matches(of, of.count, out)
    return [...out.keys()].filter((i) => i < of.count && out[i] === 1)
  }
  const isIPv4 = ({ source, destination }: TestFlow) => !`${source}${destination}`.includes(':')
  const alike = [columns, columnsOf(flows.filter(isIPv4))].map((plain) => ({ plain, distinct: withDistinct(plain) })) // prettier-ignore
  let some = 0
  const filters = generatedFilters({ addresses: [...addresses, '192.0.2.1', '2001:db8::fe'] })
  const property = fc.asyncProperty(filters, async (filter) => {
    const expected = flows.flatMap((each, i) => (holds(filter, valuesOf(each)) ? [i] : []))
    const count = compilePredicate(filter).matches(columns, flows.length, out)
    assert.equal(count, expected.length)
    assert.deepEqual(rowsOf(filter, columns), expected)
    for (const { plain, distinct } of alike)
      assert.deepEqual(rowsOf(filter, distinct), rowsOf(filter, plain))
    const listed = await store.list({
      from: t0 - 1, to: t0 + 1e8, include: 'any', filter, order: 'received', limit: flows.length,
    }) // prettier-ignore
    assert.deepEqual(
      listed.flows.map(({ received }) => received - t0),
      expected,
    )
    if (count > 0 && count < flows.length) some++
  })
  await fc.assert(property, { numRuns: runs })
  assert.ok(some > runs / 5, `${some} of ${runs} filters let some through and some not`)
})

/** Flows whose sums are exact as doubles: others are left to SQL. */
const exact = list.map((flows) =>
  flows.map((each) => ({ ...each, octets: each.octets % 2 ** 30, sampling: 1 })),
)

test('flows gathered first give the same answers', async (t) => {
  const flows = drawnOne(exact)
  const folder = await scratchFolder()
  await archive(folder, flows.slice(0, 100), flows.slice(100))
  const local = new NetworkSet([])
  const direct = await openFlowStore(folder, { local, heldRows: 0, scanThreads: 0 })
  const gathering = await openFlowStore(folder, { local, heldRows: 0 })
  t.after(() => Promise.all([direct.close(), gathering.close()]))
  const span = { from: t0 - 60_000, to: t0 + 600_000 }
  const property = fc.asyncProperty(
    generatedFilters({ addresses }),
    oneOf<Include>('any', 'start', 'end', 'within'),
    async (filter, include) => {
      const shares: number[] = []
      const progress = (share: number) => shares.push(share)
      const top = { ...span, filter, include, by: ['host', 'port'] as const, order: 'bytes' as const, limit: 5 } // prettier-ignore
      // A single query gathers nothing.
      const [, gathered] = await Promise.all([
        gathering.top(top),
        gathering.top({ ...top, progress }),
      ])
      assert.deepEqual(gathered, await direct.top(top))
      assert.equal(shares.at(-1), 1)
      const series = { ...span, filter, include, by: ['host', 'direction'] as const, order: 'packets' as const, top: 3, stepMs: 60_000 } // prettier-ignore
      const sums = ({ keys, sum, count }: FlowSeries) => ({
        keys,
        count,
        // Sums beyond 2^53 depend on the order of addition.
        bytes: sum.bytes.reduce((a, b) => a + b, 0).toPrecision(10),
        flows: sum.flows.reduce((a, b) => a + b, 0),
      })
      assert.deepEqual(sums(await gathering.series(series)), sums(await direct.series(series)))
    },
  )
  // A repeated query is answered from the cached answer, without progress.
  await fc.assert(property, { numRuns: 12, skipEqualValues: true })
})

test('narrower windows are answered from flows gathered for a wider one', async (t) => {
  const flows = drawnOne(exact)
  const folder = await scratchFolder()
  await archive(folder, flows.slice(0, 100), flows.slice(100))
  const local = new NetworkSet([])
  const store = await openFlowStore(folder, { local, heldRows: 0 })
  t.after(() => store.close())
  const span = { from: t0 - 60_000, to: t0 + 600_000 }
  const most = { order: 'bytes', limit: 5 } as const
  const property = fc.asyncProperty(
    generatedFilters({ addresses }),
    oneOf<Include>('any', 'start', 'end', 'within'),
    fc.integer({ min: 0, max: 5 }),
    fc.integer({ min: 1, max: 5 }),
    async (filter, include, start, minutes) => {
      const from = span.from + start * 60_000
      const window = { from, to: from + minutes * 60_000, include, filter }
      const wide = { ...span, include: 'any', filter, by: ['host'], ...most } as const
      // A single query gathers nothing.
      await Promise.all([store.top(wide), store.top(wide)])
      const fresh = await openFlowStore(folder, { local, heldRows: 0, scanThreads: 0 })
      try {
        for (const by of ['host', 'port', 'interface'] as const) {
          const asked = { ...window, by: [by], ...most }
          assert.deepEqual(await store.top(asked), await fresh.top(asked))
        }
        const asked = { ...window, by: ['host', 'direction'] as const, order: 'flows' as const, top: 3, stepMs: 60_000 } // prettier-ignore
        const [a, b] = [await store.series(asked), await fresh.series(asked)]
        assert.deepEqual(a, b)
      } finally {
        await fresh.close()
      }
    },
  )
  await fc.assert(property, { numRuns: 25 })
})
