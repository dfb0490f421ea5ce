/** The archive's files: what the manifest says of each, and how they are named. */
import type { JournalPosition } from '../position.ts'

/** One published file. Times are unix ms; sums are scaled by sampling and exact. */
export interface ArchiveEntry {
  /** Below the archive's folder, such as 2026/2026-11/2026-11-16/flows-20261116T113000Z.parquet */
  file: string
  /** The 5-minute interval in which its flows were received; of several, the first. */
  interval: number
  rows: number
  /** Size of the file. */
  bytes: number
  octets: number
  packets: number
  receivedFrom: number
  receivedTo: number
  /** Least first and greatest last time of its flows: queries prune by these. */
  firstMin: number
  lastMax: number
  /** Not yet merged with the others of its interval. */
  isChunk: boolean
}

/** Where the archive's files are, and where they are made. */
export const manifestName = 'manifest.jsonl'
export const stagingFolder = 'staging'
export const unlistedFolder = 'unlisted'
export const unreadableFolder = 'unreadable'

/** The folder and name of a file: by the UTC day and start of its interval, as flow-capture -N 3 nests. */
export function fileName(interval: number, suffix: string): string {
  const day = new Date(interval).toISOString().slice(0, 10)
  return `${day.slice(0, 4)}/${day.slice(0, 7)}/${day}/flows-${stampOf(interval)}${suffix}.parquet`
}

/** A time (unix ms) as in the names of files, such as 20261116T113000Z. */
export function stampOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '')
}

/** What is set in the manifest beside its entries. */
export interface ArchiveValues {
  /** How far the journal is covered. */
  journal?: JournalPosition
  /** Intervals whose series are to be made again, unix ms. */
  redo?: number[]
  /** Files that were replaced, kept a while for readers of an older manifest. */
  replaced?: { file: string; at: number }[]
  /** Files that could not be read and were put aside, newest last. */
  unreadable?: { file: string; message: string }[]
  /** Something was dropped for its age or for want of room. */
  hasExpired?: boolean
}

/** What is said of files that were put aside: a sentence each. */
export function unreadableSentences(unreadable: ArchiveValues['unreadable']): string[] {
  return (unreadable ?? []).map(
    ({ file, message }) => `archive file ${file} could not be read and was put aside: ${message}`,
  )
}
