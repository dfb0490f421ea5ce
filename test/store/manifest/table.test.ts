import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { entriesOf, tableOf } from '../../../store/manifest/table.ts'

const text = fc.oneof(
  fc.constantFrom('2026/2026-11/2026-11-16/flows-20261116T113000Z.parquet', '2026/2026-11/', ''),
  fc.string({ unit: 'binary' }),
)
const number = fc.oneof(fc.nat(3), fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true })) // prettier-ignore
const value = fc.oneof(text, number, fc.boolean(), fc.constant(null), fc.array(fc.nat(5)))
/** Columns with values of one kind each, or of any. */
const kinds = fc.constantFrom<fc.Arbitrary<unknown>>(text, number, fc.maxSafeInteger(), fc.nat(), fc.constant(7), fc.constant('x'), value) // prettier-ignore

test('entries survive a round trip through JSON', () => {
  const entries = fc
    .uniqueArray(fc.constantFrom('file', 'rows', 'a', 'b', '0'), { minLength: 1 })
    .chain((names) => fc.tuple(fc.constant(names), fc.tuple(...names.map(() => kinds))))
    .chain(([names, made]) =>
      fc.array(
        fc.tuple(...made).map((values) => Object.fromEntries(names.map((name, i) => [name, values[i]]))), // prettier-ignore
        { minLength: 1, maxLength: 30 },
      ),
    )
  fc.assert(
    fc.property(entries, (given) => {
      // JSON has no −0, and a comparison sees 0.
      const told = JSON.parse(JSON.stringify(given)) as object[]
      const table = tableOf(told)
      assert.ok(table)
      assert.deepEqual(entriesOf(JSON.parse(JSON.stringify(table)) as typeof table), told)
    }),
    { numRuns: 500 },
  )
})

test('entries with differing properties, or values that JSON omits, do not become a table', () => {
  assert.equal(tableOf([]), null)
  assert.equal(tableOf([{ a: 1 }, { a: 1, b: 2 }]), null)
  assert.equal(tableOf([{ a: 1, b: 2 }, { b: 2, a: 1 }]), null) // prettier-ignore
  assert.equal(tableOf([{ a: 1 }, { a: undefined }]), null)
})

test('a year of 5-minute files takes less than a third of the space', () => {
  const entries = Array.from({ length: 1000 }, (_, i) => {
    const at = Date.UTC(2026, 10, 16) + i * 300_000
    const stamp = new Date(at).toISOString()
    return {
      file: `${stamp.slice(0, 4)}/${stamp.slice(0, 7)}/${stamp.slice(0, 10)}/flows-${stamp.replaceAll(/[-:]|\.\d+/g, '')}.parquet`,
      interval: at,
      rows: 30_000 + ((i * 7919) % 10_007),
      octets: 1_000_000_000 + ((i * 104_729) % 1_000_003) * 997,
      receivedFrom: at + ((i * 31) % 1000),
      receivedTo: at + 299_000 + ((i * 17) % 1000),
      isChunk: false,
    }
  })
  const bytes = (what: unknown) => JSON.stringify(what).length
  assert.ok(bytes(tableOf(entries)) * 3 < bytes(entries), `${bytes(tableOf(entries))}`)
  assert.deepEqual(entriesOf(tableOf(entries)!), entries)
})
