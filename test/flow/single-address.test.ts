import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { packHalves, pickHalves } from '../../flow/filter/packed-halves.ts'
import type { DistinctHalves } from '../../flow/filter/predicate.ts'
import { writeSingle } from '../../flow/filter/single-address.ts'
import { seed } from '../drawn.ts'

type Half = readonly [high: number, low: number]

/** Halves by row as a dictionary in order of appearance. */
function distinctOf(halves: readonly Half[]): DistinctHalves {
  const texts = [...new Set(halves.map(String))]
  const words = texts.flatMap((text) => text.split(',').map(Number).toReversed())
  const places = Uint16Array.from(halves, (half) => texts.indexOf(String(half)))
  return { ...packHalves(Uint32Array.from(words)), places, placesOf: () => places }
}

/** Few words, so that halves share one or both; 0xffff marks IPv4 addresses. */
const word = fc.constantFrom(0, 1, 0xffff, 0x2001_0db8, 0xffff_ffff)
const half = fc.tuple(word, word)
const address = fc.tuple(half, half)

test('the rows of one address are those with both halves', () => {
  const drawn = fc.array(address, { minLength: 1, maxLength: 40 })
  const values = fc.constantFrom(0 as const, 1 as const)
  const property = fc.property(drawn, address, values, (rows, wanted, value) => {
    const [high, low] = [0, 1].map((at) => distinctOf(rows.map((each) => each[at]!)))
    for (const sought of [wanted, rows.at(-1)!]) {
      const out = new Uint8Array(rows.length).fill(7)
      const of = { rows: rows.length, out, value }
      writeSingle({ high: high!, low: low! }, Uint32Array.from(sought.flat()), of)
      const expected = rows.map((each) => (String(each) === String(sought) ? value : 7))
      assert.deepEqual([...out], expected)
    }
  })
  fc.assert(property, { numRuns: 500, seed })
})

test('the halves of some rows are picked', () => {
  const property = fc.property(fc.array(half, { minLength: 1, maxLength: 40 }), (halves) => {
    const distinct = distinctOf(halves)
    const rows = Int32Array.from(halves.keys()).filter((row) => row % 3 !== 1)
    const words = new Uint32Array(2 * rows.length)
    pickHalves(distinct, { places: distinct.places, rows }, words)
    assert.deepEqual([...words], Array.from(rows, (row) => halves[row]!.toReversed()).flat())
  })
  fc.assert(property, { numRuns: 200, seed })
})
