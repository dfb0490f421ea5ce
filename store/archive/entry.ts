/** The archive's files: their manifest entries and their names. */
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import type { JournalPosition } from '../position.ts'

/** One published file. Times are unix ms; sums are scaled by sampling and exact. */
export interface ArchiveEntry {
  /** Relative to the archive's folder, such as 2026/2026-11/2026-11-16/flows-20261116T113000Z.parquet */
  file: string
  /** The 5-minute interval in which its flows were received; the first if there are several. */
  interval: number
  rows: number
  /** Size of the file. */
  bytes: number
  octets: number
  packets: number
  receivedFrom: number
  receivedTo: number
  /** Earliest first and latest last time of its flows: queries prune by these. */
  firstMin: number
  lastMax: number
  /** Not yet merged with the other files of its interval. */
  isChunk: boolean
}

/** Where the archive's files are stored, and where they are created. */
export const manifestName = 'manifest.jsonl'
export const stagingFolder = 'staging'
export const unlistedFolder = 'unlisted'
export const unreadableFolder = 'unreadable'

/** The folder and name of a file: by UTC day and start of its interval, nested like flow-capture -N 3. */
export function fileName(interval: number, suffix: string): string {
  const day = new Date(interval).toISOString().slice(0, 10)
  return `${day.slice(0, 4)}/${day.slice(0, 7)}/${day}/flows-${stampOf(interval)}${suffix}.parquet`
}

/** A time (unix ms) as in file names, such as 20261116T113000Z. */
export function stampOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '')
}

/** Values in the manifest besides its entries. */
export interface ArchiveValues {
  /** How much of the journal is covered. */
  journal?: JournalPosition
  /** Intervals whose series must be rebuilt, unix ms. */
  redo?: number[]
  /** What an import knows of the intervals on that list besides its flows: see ingest/import/imported.ts. */
  imported?: unknown
  /** Replaced files, kept for a while for readers of an older manifest. */
  replaced?: { file: string; at: number }[]
  /** Unreadable files that were moved aside, newest last. */
  unreadable?: UnreadableFile[]
  /** Data was dropped because of its age or for lack of space. */
  hasExpired?: boolean
  /** Flows received up to this time were among what was dropped, unix ms. */
  expiredTo?: number
}

/**
 * A file that was moved aside, and the times of its flows and of their receipt, unix ms; those of
 * an older build have none.
 */
export interface UnreadableFile {
  file: string
  message: string
  firstMin?: number
  lastMax?: number
  receivedFrom?: number
  receivedTo?: number
}

/** The intervals in which the flows of such a file were received; null if that is not known. */
export function unreadableTime({
  receivedFrom,
  receivedTo,
}: Pick<UnreadableFile, 'receivedFrom' | 'receivedTo'>): { from: number; to: number } | null {
  if (receivedFrom === undefined || receivedTo === undefined) return null
  return { from: intervalStart(receivedFrom), to: intervalStart(receivedTo) + intervalMs }
}

/** A sentence for each file that was moved aside. */
export function unreadableSentences(unreadable: ArchiveValues['unreadable']): string[] {
  return (unreadable ?? []).map(
    ({ file, message }) => `archive file ${file} could not be read and was put aside: ${message}`,
  )
}
