/** The table of per-host sums, compared with a Map of exact numbers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { HostTable } from '../../ingest/buckets/host-table.ts'
import { JoinedCounts, PackedCounts, type HostCounts } from '../../ingest/buckets/packed-counts.ts'

/** A key of nine bytes, three sums of up to seven, and flows. */
const packedBytesMax = 9 + 3 * 7 + 2

/** The sums of each key, looked up again by its code. */
function sumsOf(counts: HostCounts): Map<string, number[]> {
  const found = new Map<string, number[]>()
  counts.forEach((host, code, at) => {
    const key = `${host} ${counts.codeAt(at)}`
    const sums = Float64Array.from(found.get(key) ?? [0, 0, 0, 0])
    counts.addTo(sums, 0, at)
    assert.equal(counts.codeAt(at), code)
    found.set(key, [...sums])
  })
  return found
}

test('counts that are not whole numbers are not packed', () => {
  const table = new HostTable()
  const one = Float64Array.of(1)
  table.addRows({ flows: 1, hosts: Int32Array.of(1, 2), codes: Int32Array.of(1, 2), bytes: Float64Array.of(0.5), packets: one, active: one }, 1) // prettier-ignore
  assert.equal(PackedCounts.of(table), null)
})

test('whatever the keys and counts, each key has its own sums, also beyond 32 bits', () => {
  const row = fc.record({
    receiver: fc.oneof(fc.nat(20), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
    sender: fc.oneof(fc.nat(20), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
    code: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 2 ** 30 })),
    bytes: fc.nat(2 ** 40),
    packets: fc.oneof(fc.nat(10), fc.integer({ min: 0, max: 2 ** 34 })),
    active: fc.nat(300_000),
  })
  fc.assert(
    fc.property(fc.array(row, { maxLength: 400 }), fc.nat(400), (rows, continued) => {
      const table = new HostTable()
      const expected = new Map<string, number[]>()
      const expect = (host: number, code: number, amounts: readonly number[]) => {
        const key = `${host} ${code}`
        const sums = expected.get(key) ?? [0, 0, 0, 0]
        expected.set(key, sums.map((sum, i) => sum + amounts[i]!)) // prettier-ignore
      }
      const count = (some: typeof rows, flows: 0 | 1) => {
        const keys = {
          flows,
          hosts: Int32Array.from(some.flatMap(({ receiver, sender }) => [receiver, sender])),
          codes: Int32Array.from(some.flatMap(({ code }) => [code, code + 1])),
          bytes: Float64Array.from(some, ({ bytes }) => bytes),
          packets: Float64Array.from(some, ({ packets }) => packets),
          active: Float64Array.from(some, ({ active }) => active),
        }
        table.addRows(keys, some.length)
        for (const { receiver, sender, code, bytes, packets, active } of some) {
          expect(receiver, code, [bytes, packets, flows, active])
          expect(sender, code + 1, [bytes, packets, flows, active])
        }
      }
      count(rows.slice(continued), 1)
      count(rows.slice(0, continued), 0)
      const packed = PackedCounts.of(table)!
      for (const counts of [table, packed]) assert.deepEqual(sumsOf(counts), expected)
      assert.ok(packed.bytes <= table.count * packedBytesMax)
      // Joined with later counts, a key may be in several parts.
      const joined = new JoinedCounts([packed, PackedCounts.of(packed)!], table)
      const threefold = [...expected].map(([key, sums]) => [key, sums.map((sum) => 3 * sum)] as const) // prettier-ignore
      assert.deepEqual(sumsOf(joined), new Map(threefold))
      assert.equal(joined.count, 3 * expected.size)
      assert.equal(table.count, expected.size)
    }),
  )
})
