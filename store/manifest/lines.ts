/** The lines of a manifest, and what they add up to. */
import { crc32 } from 'node:zlib'

import { entriesOf, tableOf, type EntryTable } from './table.ts'

/** The changes of one transaction. */
export interface ManifestChange<Entry> {
  add?: readonly Entry[]
  remove?: readonly string[]
  set?: Record<string, unknown>
}

/** A transaction as stored; `table` holds added entries, as columns. */
interface ManifestLine<Entry> extends ManifestChange<Entry> {
  table?: EntryTable
}

const checksumDigits = 8
export const newline = 0x0a

/** What a manifest's lines add up to. */
export class ManifestState<Entry extends { file: string }> {
  readonly entries = new Map<string, Entry>()
  readonly values = new Map<string, unknown>()

  /** Bytes of the applied lines up to the last rewrite. */
  wholeBytes = 0

  apply({ add = [], remove = [], set = {}, table }: ManifestLine<Entry>): void {
    for (const file of remove) this.entries.delete(file)
    if (table) for (const entry of entriesOf<Entry>(table)) this.entries.set(entry.file, entry)
    for (const entry of add) this.entries.set(entry.file, entry)
    for (const [name, value] of Object.entries(set)) this.values.set(name, value)
  }

  /** The whole state as one line. */
  wholeLine(): string {
    return formatWhole([...this.entries.values()], Object.fromEntries(this.values))
  }

  /** Applies every complete line of `bytes`; returns their length in bytes. */
  applyLines(bytes: Buffer): number {
    let at = 0
    for (let end = bytes.indexOf(newline, at); end >= 0; end = bytes.indexOf(newline, at)) {
      const change = parseLine<Entry>(bytes.subarray(at, end))
      if (!change) break
      this.apply(change)
      at = end + 1
      if (change.table) this.wholeBytes = at
    }
    return at
  }
}

/** A manifest's state as the single transaction of a rewrite. */
export function formatWhole<Entry extends object>(
  entries: readonly Entry[],
  set: Record<string, unknown>,
): string {
  const table = tableOf(entries)
  return formatLine(table ? { table, set } : { add: entries, set })
}

/** A transaction as stored in the file. */
export function formatLine<Entry>(change: ManifestLine<Entry>): string {
  const json = JSON.stringify(change)
  return `${checksum(json)} ${json}\n`
}

function parseLine<Entry>(line: Buffer): ManifestLine<Entry> | null {
  const json = line.subarray(checksumDigits + 1)
  const head = line.toString('latin1', 0, checksumDigits + 1)
  if (head !== `${checksum(json)} `) return null
  return JSON.parse(json.toString()) as ManifestLine<Entry>
}

/** The CRC-32 of a text, in hexadecimal digits. */
export function checksum(json: string | Buffer): string {
  return crc32(json).toString(16).padStart(checksumDigits, '0')
}
