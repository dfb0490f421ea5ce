/** Filters at random over flows at random, in nfdump and Weir: the same flows, packets and bytes. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { parseFilter } from '../../flow/filter/parse.ts'
import { readSettings } from '../../flow/settings.ts'
import { openFlowStore } from '../../store/archive/query.ts'
import type { FlowStore } from '../../store/flows.ts'
import { seed } from '../drawn.ts'
import { writeCapture } from '../encode/pcap-write.ts'
import { runWeir, scratchFolder } from '../processes.ts'
import { seeded } from '../random.ts'
import { skipWithout } from '../setup/parts.ts'
import { variedCapture } from './mixed-capture.ts'
import { collectWithNfcapd, nfdumpTotals } from './nfcapd.ts'
import { filterMaker } from './random-filters.ts'

const skip = skipWithout('nfcapd', 'nfdump')
const filters = 150
const nestedMost = 3

let flows: FlowStore
let folder: string

before(async () => {
  if (skip) return
  const file = join(await scratchFolder(), 'varied.pcap')
  // From the same address from which nfcapd gets it.
  await writeCapture(file, '127.0.0.1', variedCapture(seeded(seed)))
  const data = await scratchFolder()
  const replayed = await runWeir(['replay', file], { WEIR_DATA: data })
  assert.equal(replayed.code, 0, replayed.stderr)
  flows = await openFlowStore(join(data, 'archive'), { local: readSettings({}).local })
  folder = await collectWithNfcapd(file)
})

after(() => flows?.close())

async function weirTotals(text: string) {
  const top = await flows.top({
    from: Date.UTC(2026, 10, 16),
    to: Date.UTC(2026, 10, 17),
    filter: parseFilter(text)!,
    include: 'within',
    by: ['protocol'],
    order: 'bytes',
    limit: 300,
  })
  return { ...top.total }
}

test(`${filters} filters at random give nfdump’s totals`, { skip }, async () => {
  const random = seeded(seed + 1)
  const filter = filterMaker(random)
  const all = await weirTotals('any')
  let selective = 0
  for (let i = 0; i < filters; i++) {
    const text = filter(i % (nestedMost + 1))
    const [ours, theirs] = await Promise.all([weirTotals(text), nfdumpTotals(folder, text)])
    assert.deepEqual(ours, theirs, text)
    if (ours.flows > 0 && ours.flows < all.flows) selective++
  }
  assert.ok(selective > filters / 2, `${selective} match some flows but not all`)
})
