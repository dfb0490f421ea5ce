/** Keeps the top keys of a measurement and adds up the rest in rows named `other`. */
import {
  fieldNames,
  otherKey,
  tagSeparator,
  tagsOf,
  type MeasurementName,
  type TagName,
} from './measurement.ts'
import type { FieldColumns, MeasurementRows } from './series.ts'

export interface CutOptions {
  /** Number of keys kept; a key counts once, whatever its directions. */
  top: number
  /** Whether a host is local: local hosts are kept in preference to others. */
  isLocal: (host: string) => boolean
}

/** A key without its direction, for ranking. */
interface RankedKey {
  text: string
  bytes: number
  isLocal: boolean
}

/** The tags that identify a measurement's keys: all but the direction. */
export function keyTags(measurement: MeasurementName): TagName[] {
  return tagsOf(measurement).filter((tag) => tag !== 'direction')
}

/** The key of a row without its direction, as text. */
function keyText(tags: readonly TagName[], rows: MeasurementRows, row: number): string {
  const first = rows.tags[tags[0]!]![row]!
  if (tags.length === 1) return first
  let text = first
  for (let i = 1; i < tags.length; i++) text += tagSeparator + rows.tags[tags[i]!]![row]!
  return text
}

/**
 * Which keys to keep: 1 or 0 for each. All if there are no more than `top`; else local hosts first,
 * then by bytes, ties by the key's text.
 */
export function keepTop(keys: readonly RankedKey[], top: number): Uint8Array {
  if (keys.length <= top) return new Uint8Array(keys.length).fill(1)
  const kept = new Uint8Array(keys.length)
  const ranked = keys.map((_, i) => i)
  ranked.sort((a, b) => compare(keys[a]!, keys[b]!))
  for (const i of ranked.slice(0, top)) kept[i] = 1
  return kept
}

function compare(a: RankedKey, b: RankedKey): number {
  if (a.isLocal !== b.isLocal) return a.isLocal ? -1 : 1
  if (a.bytes !== b.bytes) return b.bytes - a.bytes
  return a.text < b.text ? -1 : 1
}

/**
 * Rows of one 5-minute step, cut to the top keys: the rest is added up in one row per direction,
 * whose other tags are all `other`. Sums over the rows stay the same. Rows that need no cut are
 * returned unchanged; rows already cut may be cut again, lower.
 */
export function cutTop(rows: MeasurementRows, { top, isLocal }: CutOptions): MeasurementRows {
  const tags = keyTags(rows.measurement)
  if (tags.length === 0 || rows.measurement === 'tracker') return rows
  const hosts = tags.includes('host') ? rows.tags.host! : null
  const keys: RankedKey[] = []
  const indexes = new Map<string, number>()
  /** The key of each row; -1 for rows of `other`. */
  const keyOfRow = new Int32Array(rows.count)
  for (let row = 0; row < rows.count; row++) {
    if (rows.tags[tags[0]!]![row] === otherKey) {
      keyOfRow[row] = -1
      continue
    }
    const text = keyText(tags, rows, row)
    let index = indexes.get(text)
    if (index === undefined) {
      indexes.set(text, (index = keys.length))
      keys.push({ text, bytes: 0, isLocal: hosts !== null && isLocal(hosts[row]!) })
    }
    keys[index]!.bytes += rows.sum.bytes[row]!
    keyOfRow[row] = index
  }
  if (keys.length <= top) return rows
  const kept = keepTop(keys, top)
  return fold(rows, (row) => keyOfRow[row]! >= 0 && kept[keyOfRow[row]!] === 1)
}

/** The kept rows, followed by the sums of the others, by direction. */
function fold(rows: MeasurementRows, isKept: (row: number) => boolean): MeasurementRows {
  const keptRows: number[] = []
  const others = new Map<string, number>()
  for (let row = 0; row < rows.count; row++) {
    const direction = rows.tags.direction![row]!
    if (isKept(row)) keptRows.push(row)
    else if (!others.has(direction)) others.set(direction, others.size)
  }
  const count = keptRows.length + others.size
  const tags: MeasurementRows['tags'] = {}
  for (const tag of tagsOf(rows.measurement)) {
    const ofOther = tag === 'direction' ? [...others.keys()] : [...others].map(() => otherKey)
    tags[tag] = [...keptRows.map((row) => rows.tags[tag]![row]!), ...ofOther]
  }
  const sum = emptyFigures(count)
  for (const field of fieldNames) {
    for (const [at, row] of keptRows.entries()) sum[field][at] = rows.sum[field][row]!
    for (let row = 0; row < rows.count; row++) {
      if (isKept(row)) continue
      const at = keptRows.length + others.get(rows.tags.direction![row]!)!
      sum[field][at] = sum[field][at]! + rows.sum[field][row]!
    }
  }
  return { measurement: rows.measurement, count, tags, sum }
}

/** Columns of zeros. */
export function emptyFigures(count: number): FieldColumns {
  return {
    bytes: new Float64Array(count),
    packets: new Float64Array(count),
    flows: new Float64Array(count),
    active: new Float64Array(count),
  }
}
