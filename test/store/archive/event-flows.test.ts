/** The flows from which events are found: the same as from SQL, whoever reads the files. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { NetworkSet } from '../../../flow/address.ts'
import type { EventFlows } from '../../../flow/incident/flows/flow-table.ts'
import { askEventFlows, scanEventFlows } from '../../../store/archive/sql/event-flows.ts'
import { openFlowStore } from '../../../store/archive/query.ts'
import { QueryEngine } from '../../../store/archive/sql/query-engine.ts'
import { QueryTooLarge } from '../../../store/query-error.ts'
import { EventsHere, type EventSource } from '../../../store/archive/scanned/event-source.ts'
import { Scanner } from '../../../store/archive/scanned/scanner.ts'
import type { FlowScan } from '../../../store/flows.ts'
import { scratchFolder } from '../../processes.ts'
import { t0, testFlow, twoFiles } from './archived.ts'
import { connectionOf } from './duckdb.ts'
import { addresses, generatedFlow } from './generated-flows.ts'

const generated = fc
  .tuple(generatedFlow, fc.integer({ min: -3000, max: 3000 }))
  .map(([flow, ms]) =>
    testFlow({ ...flow, first: t0 + ms, last: t0 + ms + flow.last - flow.first, received: t0 }),
  )
const host = fc.constantFrom(...addresses, '10.9.9.9')
const asked = fc.record({
  from: fc.integer({ min: -4000, max: 4000 }).map((ms) => t0 + ms),
  lasting: fc.integer({ min: 1, max: 4000 }),
  exporter: fc.constantFrom(undefined, '192.0.2.1', '2001:db8::fe', '192.0.2.9', 'none'),
  hosts: fc.option(fc.array(host, { maxLength: 3 }), { nil: undefined }),
})

const names = [
  'first', 'last', 'bytes', 'packets', 'sourcePort', 'destinationPort', 'protocol', 'tcpFlags', 'sampling',
] as const // prettier-ignore
const halves = [
  'exporterHigh', 'exporterLow', 'sourceHigh', 'sourceLow', 'destinationHigh', 'destinationLow',
] as const // prettier-ignore

/** The flows handed over, one text per flow, in order. */
async function taken(work: (take: (flows: EventFlows) => void) => Promise<void>) {
  const rows: string[] = []
  await work((flows) => {
    for (let i = 0; i < flows.count; i++)
      rows.push(
        [
          ...names.map((name) => flows[name][i]),
          ...halves.flatMap((name) => [flows[name][2 * i], flows[name][2 * i + 1]]),
        ].join(' '),
      )
  })
  return rows
}

test('threads and the main thread read the same flows in the same order as SQL', async (t) => {
  const scanner = new Scanner(2, { local: [] })
  t.after(() => scanner.close())
  const sources: EventSource[] = [scanner, new EventsHere()]
  let found = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(generated, { minLength: 1, maxLength: 40 }),
      fc.array(asked, { minLength: 5, maxLength: 5 }),
      async (flows, questions) => {
        const folder = await scratchFolder()
        const edge = await twoFiles(folder, flows)
        const read = { inside: [], edge, most: 0, begins: new Map(), rows: 0, rowsWithin: 0, isLong: false } // prettier-ignore
        const engine = await QueryEngine.open(folder, { threads: 1, memoryBytes: 2 ** 28, queryMs: 50_000 }) // prettier-ignore
        for (const { lasting, ...rest } of questions) {
          const query: FlowScan = { ...rest, to: rest.from + lasting, rowsMax: 1000 }
          await engine.query(undefined, async (session) => {
            const expected = await taken((take) => askEventFlows(session, read, { query, take }))
            found += expected.length
            for (const source of sources)
              assert.deepEqual(
                await taken((take) => scanEventFlows(session, read, { query, take, source })),
                expected,
              )
          })
        }
        await engine.close()
      },
    ),
    { numRuns: 10 },
  )
  assert.ok(found > 0)
})

for (const readsHere of [false, true])
  test(`more flows than the limit are refused, and files of other writers are read by SQL, ${readsHere ? 'here' : 'by threads'}`, async (t) => {
    const folder = await scratchFolder()
    const flows = Array.from({ length: 20 }, (_, i) =>
      testFlow({ first: t0 + i, octets: 1000 + i }),
    )
    const [path] = await twoFiles(folder, flows)
    const store = await openFlowStore(folder, { local: new NetworkSet([]), readsHere })
    t.after(() => store.close())
    const scan = (rowsMax: number) =>
      taken(async (take) => store.scan!({ from: t0, to: t0 + 1000, rowsMax }, () => take))
    const all = await scan(40)
    assert.equal(all.length, 40)
    await assert.rejects(scan(39), QueryTooLarge)
    // As an earlier archive wrote it.
    const connection = await connectionOf(t)
    await connection.run(`CREATE TABLE held AS FROM read_parquet('${path!}')`)
    await connection.run(`COPY held TO '${path!}' (FORMAT parquet)`)
    const other = await openFlowStore(folder, { local: new NetworkSet([]), readsHere })
    t.after(() => other.close())
    const both = await taken(async (take) => other.scan!({ from: t0, to: t0 + 1000, rowsMax: 40 }, () => take)) // prettier-ignore
    assert.deepEqual(both.toSorted(), all.toSorted())
  })

test('reading in the main thread stops between two row groups when aborted', async (t) => {
  const folder = await scratchFolder()
  await twoFiles(folder, [testFlow(), testFlow()])
  const store = await openFlowStore(folder, { local: new NetworkSet([]), readsHere: true })
  t.after(() => store.close())
  const ending = new AbortController()
  const reason = new Error('enough')
  const scan = store.scan!({ from: t0, to: t0 + 1000, rowsMax: 40, signal: ending.signal }, () => {
    return () => ending.abort(reason)
  })
  await assert.rejects(scan, reason)
})
