/** What is not unpacked: numbers between a few rows, and indices that are used where they are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { deltaPacked } from '../../../store/archive/format/delta.ts'
import { packedIndices } from '../../../store/archive/format/dictionary.ts'
import { beyondBytes } from '../../../store/archive/format/packed-bytes.ts'
import { unpackDelta } from '../../../store/archive/format/unpack-delta.ts'
import { indicesInPlace } from '../../../store/archive/format/unpack-indices.ts'
import { seeded } from '../../random.ts'

/** With ones after its end, in a buffer of its own. */
function withOnes(packed: Buffer): Buffer {
  const bytes = Buffer.from(new ArrayBuffer(packed.length + beyondBytes)).fill(0xff)
  bytes.set(packed)
  return bytes.subarray(0, packed.length)
}

test('a few numbers after differences of every width are the same as all', () => {
  const random = seeded(1)
  for (let width = 0; width <= 30; width++)
    for (const count of [2, 34, 127, 1000, 1027]) {
      const values = new Float64Array(count)
      for (let i = 1; i < count; i++) values[i] = values[i - 1]! - 5 + Math.floor(random() * 2 ** width) // prettier-ignore
      const packed = withOnes(deltaPacked(values, count, { base: 0n, partValues: 32 }))
      const few = Int32Array.from([count >> 3, count - 1])
      const out = new Float64Array(count)
      unpackDelta(packed, { count, to: count, few, base: null }, out)
      for (const row of few) assert.equal(out[row], values[row], `width ${width}, ${count} values`)
    }
})

test('indices of two bytes are used where they are if they begin with a word', () => {
  const places = Int32Array.from({ length: 70_000 }, (_, row) => (row * 7) % 65_536)
  const packed = withOnes(packedIndices(places, 16))
  assert.deepEqual(Array.from(indicesInPlace(packed, places.length)!), Array.from(places))
  assert.equal(indicesInPlace(packed.subarray(0, -1), places.length), null)
  const few = places.subarray(0, 1000)
  assert.equal(indicesInPlace(withOnes(packedIndices(few, 16)), few.length), null)
  const narrow = few.map((place) => place % 256)
  assert.equal(indicesInPlace(withOnes(packedIndices(narrow, 8)), narrow.length), null)
})
