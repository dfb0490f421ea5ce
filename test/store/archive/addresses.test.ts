/** Numbering addresses and mapping them to keys, in every form a file may have. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { KeyTable } from '../../../store/archive/keys/key-table.ts'
import { AddressNumbers, type Addresses } from '../../../store/archive/scanned/address-numbers.ts'
import { Distinct } from '../../../store/archive/scanned/distinct.ts'
import type { Entries } from '../../../store/archive/format/page-values.ts'
import { Peers } from '../../../store/archive/scanned/peers.ts'
import { seed } from '../../drawn.ts'
import { seeded } from '../../random.ts'

/** Enough that, with the most pairs, positions alone cannot distinguish all of them per key. */
const keys = 300

type Half = readonly [low: number, high: number]

const none: Half = [0, 0]
const ipv4 = (address: number): Half => [address, 0xffff]

/**
 * Rows that each combine one of these high halves with one of these low ones, as from a file with
 * dictionaries, and from one without.
 */
function addressesOf(highs: readonly Half[], lows: readonly Half[], rows: number) {
  const random = seeded(seed)
  const drawn = (most: number) =>
    Uint16Array.from({ length: rows }, () => Math.floor(random() * most))
  const [ofHigh, ofLow] = [drawn(highs.length), drawn(lows.length)]
  const halves = {
    high: Uint32Array.from([...ofHigh].flatMap((place) => highs[place]!)),
    low: Uint32Array.from([...ofLow].flatMap((place) => lows[place]!)),
  }
  const entriesOf = (values: readonly Half[], places: Uint16Array): Entries => ({ words: Uint32Array.from(values.flat()), places }) // prettier-ignore
  const high = highs.length === 1 && highs[0] === none ? null : entriesOf(highs, ofHigh)
  const listed: Addresses = { ...halves, entries: { high, low: entriesOf(lows, ofLow) } }
  const names = [...ofHigh].map(
    (place, row) => `${highs[place]!.join()} ${lows[ofLow[row]!]!.join()}`,
  )
  return { listed, plain: { ...halves, entries: null } satisfies Addresses, names }
}

const upTo = (count: number, make: (i: number) => Half) => Array.from({ length: count }, (_, i) => make(i)) // prettier-ignore
const shapes = {
  'IPv4 alone': addressesOf([none], upTo(500, ipv4), 3000),
  'both kinds': addressesOf([none, [1, 0x2001_0db8]], [...upTo(300, ipv4), [1, 0], [7, 7]], 3000),
  'more pairs of halves than are told apart by place': addressesOf(
    upTo(600, (i) => [i, 0x2001_0db8 * (i % 2)]),
    [...upTo(400, ipv4), ...upTo(200, (i): Half => [i, i + 1])],
    20_000,
  ),
}

for (const [name, { listed, plain, names }] of Object.entries(shapes)) {
  const rows = Int32Array.from({ length: names.length - 1 }, (_, n) => n + 1)
  const expected = (
    known: Map<string, number>,
    { some, isFinding }: { some: Int32Array; isFinding: boolean },
  ) =>
    Array.from(some, (row) => {
      const name = names[row]!
      if (!isFinding && !known.has(name)) known.set(name, known.size)
      return known.get(name) ?? -1
    })

  test(`${name}: an address has the same number everywhere`, () => {
    for (const addresses of [listed, plain]) {
      const numbers = new AddressNumbers(new KeyTable(2))
      const out = new Int32Array(rows.length)
      const known = new Map<string, number>()
      for (const [some, isFinding] of [
        [rows.subarray(0, 50), false],
        [rows, true],
        [rows, false],
        [rows, true],
      ] as const) {
        numbers.number(addresses, some, { isFinding, out })
        assert.deepEqual([...out.subarray(0, some.length)], expected(known, { some, isFinding }))
      }
    }
  })

  test(`${name}: each peer of a key counts once`, () => {
    const places = rows.map((row) => (row * row) % 7)
    const sets = Array.from({ length: keys }, () => new Set<string>())
    rows.forEach((row, n) => sets[places[n]!]!.add(names[row]!))
    const found = [listed, plain].map((addresses) => {
      const peers = new Peers(keys)
      for (let from = 0; from < rows.length; from += 1000)
        peers.add(addresses, rows.subarray(from, from + 1000), places.subarray(from, from + 1000))
      return peers
    })
    for (const peers of found) assert.deepEqual([...peers.counts()], sets.map(({ size }) => size)) // prettier-ignore
    found[0]!.merge(found[1]!.pack())
    assert.deepEqual([...found[0]!.counts()], sets.map(({ size }) => size)) // prettier-ignore
  })
}

test('numbers in any order are each kept once', () => {
  const number = fc.oneof(fc.nat({ max: 50 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }))
  const property = fc.property(fc.array(number, { maxLength: 5000 }), fc.array(number), (one, other) => {
    const [distinct, added] = [new Distinct(), new Distinct()]
    for (const value of one) distinct.add(value)
    for (const value of other) added.add(value)
    distinct.addSorted(added.values())
    for (const value of one.slice(0, 10)) distinct.add(value)
    const expected = [...new Set([...one, ...other])].toSorted((a, b) => a - b)
    assert.deepEqual([...distinct.values()], expected)
  }) // prettier-ignore
  fc.assert(property, { seed })
  // Enough that they are sorted by radix.
  const random = seeded(seed)
  const many = Array.from({ length: 100_000 }, () => Math.floor(random() * 2 ** 32))
  const distinct = new Distinct()
  for (let times = 0; times < 2; times++) for (const value of many) distinct.add(value)
  assert.deepEqual([...distinct.values()], [...new Set(many)].toSorted((a, b) => a - b)) // prettier-ignore
})
