/**
 * Collecting garbage when V8 would not. A chunk of DuckDB's rows takes a quarter of a megabyte, which is freed with its
 * object, but V8 knows some hundred bytes of it and lets hundreds of chunks lie before it looks: of a reading of ten million
 * flows by a thread with V8's usual room 140 MiB of 180 were such garbage, and to look after every few took no time that
 * could be seen.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (options: { type: 'minor' | 'major'; flavor?: 'last-resort' }) => void

/** Chunks that may lie: fewer take time, more take memory. */
const chunksMost = 16

let collector: Collect | null = null

/** V8's own way to have garbage collected, which it gives to contexts that are made once it is asked for. */
function collect(): Collect {
  if (!collector) {
    setFlagsFromString('--expose-gc')
    collector = runInNewContext('gc') as Collect
  }
  return collector
}

/** Has all of this thread's garbage collected, which takes a hundredth of a second or two. */
export function collectAll(): void {
  collect()({ type: 'major' })
}

/** The same, and the room for new objects is as small as it was at first. */
export function collectAndShrink(): void {
  collect()({ type: 'major', flavor: 'last-resort' })
}

/** Is told of each chunk that is not needed any more. */
export class ChunkGarbage {
  #chunks = 0

  add(): void {
    if (++this.#chunks % chunksMost === 0) collect()({ type: 'minor' })
  }
}
