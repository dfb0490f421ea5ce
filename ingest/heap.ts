/** How much memory this process lets lie before it collects what it no longer needs. */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

import { collectAndShrink } from '../store/garbage.ts'

/**
 * Room for new objects, bytes, at least: V8 doubles it, so that this makes 4 MiB, and holds it twice. Its first MiB is full
 * so often that more than one broken datagram in a thousand waits a millisecond for a collection.
 */
const youngBytesMin = 3 << 20
/** Objects that are held to make V8 enlarge that room: it does so when many live on. */
const heldMax = 1_000_000
const heldAtOnce = 1000

/**
 * By default V8 lets garbage grow to several times what is in use before it looks through the heap: a
 * flood of templates, of which next to nothing is kept, grew the process by hundreds of MiB. Decoding
 * makes hardly any garbage, so looking sooner costs it next to nothing. To be called once a start, which
 * makes much, is over.
 */
export function boundGarbage(): void {
  // A start makes more than what follows it, so that V8 has made more room than that needs.
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
