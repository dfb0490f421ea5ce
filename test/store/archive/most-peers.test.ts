/** The keys with most peers, found from those with most flows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import type { DetailsFound, KeyValues } from '../../../store/archive/scanned/requests.ts'
import { greatestFirst, mostPeers } from '../../../store/archive/scanned/most-peers.ts'
import { seed } from '../../drawn.ts'

interface Key {
  key: number
  flows: number
  peers: number
}

/** A ranking by flows, limited to the first of these keys. */
function rankingOf(keys: readonly Key[], count: number) {
  const sorted = keys.toSorted((a, b) => b.flows - a.flows || a.key - b.key)
  const ranked = sorted.slice(0, count)
  return {
    keys: [ranked.map(({ key }) => BigInt(key))],
    ranked: ranked.map(({ flows }) => flows),
    next: sorted[count]?.flows ?? 0,
  }
}

test('the answer from a few keys with many flows equals that of all keys, or there is none', async () => {
  const drawn = fc.tuple(
    fc.integer({ min: 1, max: 40 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  )
  const lists = fc.array(drawn, { maxLength: 60 }).map((each) =>
    each.map(([flows, share], key) => ({ key, flows, peers: Math.max(1, Math.ceil(flows * share)) })),
  ) // prettier-ignore
  let [told, asked] = [0, 0]
  const property = fc.asyncProperty(lists, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 70 }), async (keys, limit, count) => {
    const counted: number[] = []
    const detailsOf = async ([column]: KeyValues) => {
      counted.push(column!.length)
      return { peers: Float64Array.from(column!, (key) => keys[Number(key)]!.peers) } as DetailsFound
    }
    const ranking = rankingOf(keys, count)
    const found = await mostPeers(ranking, limit, detailsOf)
    const expected = keys.toSorted((a, b) => b.peers - a.peers || a.key - b.key).slice(0, limit)
    assert.ok(counted.length <= 2, 'nobody is asked for three times')
    asked++
    if (found === null) {
      assert.ok(ranking.next >= expected.at(-1)!.peers || expected.length < limit, 'it could have been told')
      return
    }
    told++
    const listed = found.places.map((place) => Number(found.keys[0]![place]))
    assert.deepEqual(listed, expected.map(({ key }) => key))
  }) // prettier-ignore
  await fc.assert(property, { numRuns: 500, seed })
  assert.ok(told > asked / 3, `${told} of ${asked} told`)
})

test('ties are ordered by their columns, as signed numbers', () => {
  const keys = [
    [1n, 0n, -1n, 0n],
    [0n, 5n, 9n, 3n],
  ]
  assert.deepEqual(greatestFirst(keys, Float64Array.of(7, 7, 7, 8)), [3, 2, 1, 0])
})
