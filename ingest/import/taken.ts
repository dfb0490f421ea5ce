/** Remembers imported captures, so that none counts twice, even if it has grown since. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

import { openCapture, unpackingError } from '../capture/read.ts'

/** A capture that was imported before, or begins with one that was. */
export class TakenBefore extends Error {
  constructor(path: string, when: string) {
    super(`${path} ${when}: its flows would count twice`)
    this.name = 'TakenBefore'
  }
}

/**
 * By the hash of its unpacked bytes, since it is the same one before and after it is compressed,
 * when it was imported: stored in the archive's manifest, with the flows. Without its length if it
 * had no datagrams, since other captures begin with the same header.
 */
export type Taken = Record<string, string | { when: string; bytes: number }>

export interface HashedCapture {
  path: string
  hash: string
  bytes: number
}

/**
 * The hashes of captures to import.
 * @throws TakenBefore if one was imported, begins with one that was, or is named twice; NotACapture
 *   if its compressed stream is broken
 */
export async function hashCaptures(
  paths: readonly string[],
  taken: Taken,
): Promise<HashedCapture[]> {
  const hashed: HashedCapture[] = []
  for (const path of paths) {
    // Builds before 2026-11-30 knew a capture by its bytes as they are in the file.
    await hashCapture(path, createReadStream(path), taken)
    const unpacked = await openCapture(path)
    const capture = await hashCapture(path, unpacked, taken).catch((error: unknown) => {
      throw unpackingError(path, error)
    })
    if (hashed.some(({ hash }) => hash === capture.hash))
      throw new TakenBefore(path, 'is named twice in this very command')
    hashed.push(capture)
  }
  return hashed
}

async function hashCapture(
  path: string,
  source: AsyncIterable<Buffer>,
  taken: Taken,
): Promise<HashedCapture> {
  const hash = createHash('sha256')
  const lengths = lengthsOf(taken)
  let bytes = 0
  for await (const chunk of source) {
    let at = 0
    while (lengths.length > 0 && lengths[0]! < bytes + chunk.length) {
      const length = lengths.shift()!
      hash.update(chunk.subarray(at, length - bytes))
      at = length - bytes
      const when = whenTaken(taken, hash.copy().digest('hex'))
      if (when !== null) throw new TakenBefore(path, `begins with what was taken in on ${when}`)
    }
    hash.update(chunk.subarray(at))
    bytes += chunk.length
  }
  const digest = hash.digest('hex')
  const when = whenTaken(taken, digest)
  if (when !== null) throw new TakenBefore(path, `was taken in before, on ${when}`)
  return { path, hash: digest, bytes }
}

/** The lengths of the imported captures, ascending. */
function lengthsOf(taken: Taken): number[] {
  const lengths = Object.values(taken).flatMap((each) =>
    typeof each === 'string' ? [] : [each.bytes],
  )
  return [...new Set(lengths)].sort((a, b) => a - b)
}

function whenTaken(taken: Taken, hash: string): string | null {
  if (!Object.hasOwn(taken, hash)) return null
  const each = taken[hash]!
  return typeof each === 'string' ? each : each.when
}
