/** Limits how much garbage this process accumulates before it is collected. */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

import { collectAndShrink } from '../store/process/garbage.ts'

/**
 * Minimum space for new objects, in bytes: V8 doubles it, to 4 MiB, and has two of it. The first 1 MiB
 * fills so often that more than one bad datagram in a thousand would wait a millisecond for a collection.
 */
const youngBytesMin = 3 << 20
/** Objects kept alive so that V8 enlarges the space: it does so when many survive. */
const heldMax = 1_000_000
const heldAtOnce = 1000

/**
 * By default V8 lets garbage grow to several times the live heap before a full collection: a flood
 * of templates, of which almost nothing is kept, grew the process by hundreds of MiB. Decoding
 * makes hardly any garbage, so collecting earlier costs almost nothing. Call it once after startup,
 * which makes a lot.
 */
export function boundGarbage(): void {
  // Startup makes more garbage than what follows, so V8 has allocated more space than needed.
  collectAndShrink()
  const held: number[][] = []
  while (youngRoom() < youngBytesMin && held.length < heldMax)
    for (let i = 0; i < heldAtOnce; i++) held.push([i])
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=30')
}

function youngRoom(): number {
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')
  return young ? young.space_used_size + young.space_available_size : youngBytesMin
}
