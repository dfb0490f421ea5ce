import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { hostAmounts, KeptKeys } from '../../ingest/buckets/choose.ts'

const hosts = 40
const ranks = {
  words: Uint32Array.from({ length: hosts * 4 }, (_, i) => (i % 4 === 3 ? 1000 - i : 0)),
  isLocal: Uint8Array.from({ length: hosts }, (_, i) => Number(i % 3 === 0)),
}

interface Key {
  host: number
  code: number
  received: number
  sent: number
}

/** Local hosts first, then by bytes, by address, by code. */
function rank(a: Key, b: Key): number {
  const local = ranks.isLocal[b.host]! - ranks.isLocal[a.host]!
  const bytes = b.received + b.sent - a.received - a.sent
  const address = ranks.words[a.host * 4 + 3]! - ranks.words[b.host * 4 + 3]!
  return local || bytes || address || a.code - b.code
}

function amountsOf({ received, sent }: Key): Float64Array {
  const amounts = new Float64Array(hostAmounts)
  amounts.set([received, 1, 1, 1, sent, 2, 2, 2])
  return amounts
}

test('in any order of arrival, the kept keys are those that sorting puts first, and the rest is added up', () => {
  const key = fc.record({
    host: fc.nat(hosts - 1),
    code: fc.nat(5),
    received: fc.nat(3),
    sent: fc.nat(3),
  })
  const distinct = fc.uniqueArray(key, {
    selector: ({ host, code }) => `${host} ${code}`,
    maxLength: 200,
  })
  fc.assert(
    fc.property(distinct, fc.integer({ min: 1, max: 20 }), (keys, top) => {
      const kept = new KeptKeys(ranks, top)
      for (const each of keys) kept.offer(each.host, each.code, amountsOf(each))
      kept.cut()
      const sorted = keys.toSorted(rank)
      const text = (host: number, code: number, bytes: number) => `${host} ${code} ${bytes}`
      const found = Array.from({ length: kept.count }, (_, i) => {
        const at = i * hostAmounts
        return text(kept.hosts[i]!, kept.codes[i]!, kept.amounts[at]! + kept.amounts[at + 4]!)
      })
      const expected = sorted
        .slice(0, top)
        .map(({ host, code, received, sent }) => text(host, code, received + sent))
      assert.deepEqual(found.toSorted(), expected.toSorted())
      const others = new Float64Array(hostAmounts)
      for (const each of sorted.slice(top))
        for (const [i, amount] of amountsOf(each).entries()) others[i]! += amount
      assert.deepEqual(kept.others, others)
    }),
  )
})
