/** The name of a file that others are merged into. */
import { randomUUID } from 'node:crypto'

import { intervalMs, intervalStart } from '../../../flow/interval.ts'
import { fileName, stampOf, type ArchiveEntry } from '../entry.ts'

interface NamesInUse {
  listed: readonly ArchiveEntry[]
  /** Files that are about to be listed, wait to be deleted, or could not be read. */
  had: readonly { file: string }[]
}

/**
 * A name for what files are merged into: that of its time, or a longer one if another file has that
 * name, or had it as far as is known, because readers and ClickHouse know files by their names. A
 * listed file whose name begins in the same way may have been made of a file with that name.
 */
export function freeName(merged: readonly ArchiveEntry[], { listed, had }: NamesInUse): string {
  const { interval } = merged[0]!
  const last = merged.reduce((most, entry) => Math.max(most, entry.receivedTo), interval)
  const isOne = last < interval + intervalMs
  // A bundle is named by the time from its first interval up to the end of its last.
  const span = isOne ? '' : `-${stampOf(intervalStart(last) + intervalMs)}`
  const plain = fileName(interval, span)
  const begin = plain.slice(0, plain.lastIndexOf('.'))
  const isTaken =
    had.some(({ file }) => file === plain) ||
    listed.some(({ file, isChunk }) => !isChunk && file.startsWith(begin))
  return isTaken ? fileName(interval, `${span}-${randomUUID().slice(0, 8)}`) : plain
}
