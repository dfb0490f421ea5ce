/** Filters at random over flows at random, in nfdump and Weir: the same flows, packets and bytes. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { seed } from '../drawn.ts'
import { writeCapture } from '../encode/pcap-write.ts'
import { scratchFolder } from '../processes.ts'
import { seeded } from '../random.ts'
import { skipWithout } from '../setup/parts.ts'
import { openBoth, type Both } from './both.ts'
import { variedCapture } from './mixed-capture.ts'
import { nfdumpTotals } from './nfcapd.ts'
import { filterMaker } from './random-filters.ts'

const skip = skipWithout('nfcapd', 'nfdump')
const filters = 150
const nestedMost = 3

let both: Both

before(async () => {
  if (skip) return
  const file = join(await scratchFolder(), 'varied.pcap')
  // From the same address from which nfcapd gets it.
  await writeCapture(file, '127.0.0.1', variedCapture(seeded(seed)))
  both = await openBoth(file)
})

after(() => both?.close())

test(`${filters} filters at random give nfdump’s totals`, { skip }, async () => {
  const random = seeded(seed + 1)
  const filter = filterMaker(random)
  const all = await both.totals('any', 'within')
  let selective = 0
  for (let i = 0; i < filters; i++) {
    const text = filter(i % (nestedMost + 1))
    const [ours, theirs] = await Promise.all([
      both.totals(text, 'within'),
      nfdumpTotals(both.folder, text),
    ])
    assert.deepEqual(ours, theirs, text)
    if (ours.flows > 0 && ours.flows < all.flows) selective++
  }
  assert.ok(selective > filters / 2, `${selective} match some flows but not all`)
})
