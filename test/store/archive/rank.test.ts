/** The greatest of more keys than can be counted separately. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'

import fc from 'fast-check'

import { createFlowColumns, type FlowColumns } from '../../../flow/columns.ts'
import { intervalMs } from '../../../flow/interval.ts'
import { Archive } from '../../../store/archive/archive.ts'
import type { RankingQuery } from '../../../store/archive/scanned/requests.ts'
import { fullestOf, rank, type ScanWindow } from '../../../store/archive/scanned/rank.ts'
import { Scanner } from '../../../store/archive/scanned/scanner.ts'
import { seed } from '../../drawn.ts'
import { scratchFolder } from '../../processes.ts'
import { seeded } from '../../random.ts'
import { t0 } from './archived.ts'

const rows = 12_000
const window = { from: t0, to: t0 + intervalMs, include: 'any', filter: undefined } as const

/** Flows between so many pairs that hardly any repeat, a few of which have most of all bytes. */
function manyPairs(): FlowColumns {
  const random = seeded(seed)
  const flows = createFlowColumns(rows)
  flows.count = rows
  for (let i = 0; i < rows; i++) {
    const rank = Math.floor(rows ** random())
    flows.collectionTimeMilliseconds[i] = t0 + 1000
    flows.flowStartMilliseconds[i] = t0
    flows.flowEndMilliseconds[i] = t0 + 100
    flows.exporterAddressLow.set([1, 0xffff], 2 * i)
    flows.sourceAddressLow.set([rank % 50, 0xffff], 2 * i)
    flows.destinationAddressLow.set([rank, 0xffff], 2 * i)
    flows.destinationTransportPort[i] = 443
    flows.ingressInterface[i] = rank % 3
    flows.packetDeltaCount[i] = 1 + Math.floor(random() * 3)
    flows.octetDeltaCount[i] = 1000 + Math.floor(2 ** (30 * random()))
    flows.samplingInterval[i] = 1
  }
  return flows
}

test('the answer from buckets equals that of all keys', async (t) => {
  const folder = await scratchFolder()
  const archive = await Archive.open(folder)
  archive.add(manyPairs())
  await archive.publish({})
  const paths = archive.entries().map(({ file }) => join(folder, file))
  await archive.close()
  const [all, few] = [new Scanner(2, { local: [] }), new Scanner(2, { local: [] }, 1000)]
  t.after(() => Promise.all([all.close(), few.close()]))
  const groups = (await all.groups({ inside: [], edge: paths, most: 0 }, window))!
  const by =
    (scanner: Scanner): ScanWindow =>
    (asked) =>
      scanner.scan(asked, groups, { session: { goesOn: () => undefined } })
  const asked = (given: Partial<RankingQuery>): RankingQuery => ({
    kind: 'ranking',
    window,
    by: ['pair'],
    order: { of: 'top', by: 'bytes' },
    count: 10,
    ...given,
  })
  const cases: Partial<RankingQuery>[] = [
    {},
    { by: ['host'] },
    { by: ['pair', 'port'], count: 3 },
    { by: ['dst', 'interface'], order: { of: 'series', by: 'bytes' } },
    { order: { of: 'top', by: 'packets' }, count: 2 },
  ]
  for (const given of cases) {
    assert.equal(await by(few)(asked(given)), null, 'they are too many')
    const expected = await rank(asked(given), by(all))
    const found = await rank(asked(given), by(few), 300)
    assert.deepEqual([found?.keys, found?.ranked], [expected!.keys, expected!.ranked])
    assert.ok(found!.next >= expected!.next)
  }
  // If ties could be left out, or there is nothing to add up, there is no answer.
  const flows = { order: { of: 'top', by: 'flows' }, count: 900 } as const
  assert.equal(await rank(asked(flows), by(few), 300), null)
  assert.equal(await rank(asked({ order: { of: 'top', by: 'rate' } }), by(few), 300), null)
})

test('about as many of the fullest buckets are chosen as asked for, and no other is fuller', () => {
  const property = fc.property(fc.integer({ min: 400, max: 4000 }), fc.nat(), (most, start) => {
    const random = seeded(start)
    const sums = Float64Array.from({ length: 2 ** 16 }, () => (random() < 0.3 ? 0 : Math.floor(1 / random())))
    const { among, othersMax } = fullestOf(sums, most)
    let [count, least] = [0, Number.POSITIVE_INFINITY]
    for (const [bucket, sum] of sums.entries()) {
      if (among[bucket] === 1) {
        count++
        least = Math.min(least, sum)
      } else assert.ok(sum <= othersMax)
    }
    assert.ok(least > othersMax)
    assert.ok(count > most / 2 && count < 2 * most, `${count} of ${most}`)
  }) // prettier-ignore
  fc.assert(property, { numRuns: 30, seed })
})
