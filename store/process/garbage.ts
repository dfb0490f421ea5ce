/**
 * Collects garbage when V8 would not. A chunk of DuckDB's rows takes a quarter of a megabyte, freed
 * with its object, but V8 knows only of some hundred bytes of it and lets hundreds of chunks
 * accumulate: of the 180 MiB of a thread with V8's default limits that read ten million flows, 140
 * MiB were such garbage. Collecting after every few chunks took no measurable time.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (options: { type: 'minor' | 'major'; flavor?: 'last-resort' }) => void

/** Garbage chunks allowed: fewer cost time, more cost memory. */
const chunksMax = 16

let collector: Collect | null = null

/** V8's own garbage collection function, which only contexts created after the flag is set have. */
function collect(): Collect {
  if (!collector) {
    setFlagsFromString('--expose-gc')
    collector = runInNewContext('gc') as Collect
  }
  return collector
}

/** Collects all of this thread's garbage, which takes 10 to 20 ms. */
export function collectAll(): void {
  collect()({ type: 'major' })
}

/** The same, and shrinks the space for new objects to its initial size. */
export function collectAndShrink(): void {
  collect()({ type: 'major', flavor: 'last-resort' })
}

/** Counts the chunks that are no longer needed. */
export class ChunkGarbage {
  #chunks = 0

  add(): void {
    if (++this.#chunks % chunksMax === 0) collect()({ type: 'minor' })
  }
}
