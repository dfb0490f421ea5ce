/**
 * The `top` and `read` queries of the series store, computed over files held in memory. They return the same rows as
 * SQL; queries they cannot answer exactly, or in little memory, they leave to SQL (null).
 */
import { figureNames, otherKey, type FieldName, type TagName } from '../measurement.ts'
import { Numbering } from '../numbering.ts'
import type { ReadQuery, SeriesKey, SeriesRange, SeriesRead, TopQuery, TopRows } from '../series.ts'
import { cutTag, emptyRead, figuresOf, isConsolidated, keyText } from '../shape.ts'
import type { HeldRows } from './held-files.ts'

/** Sums of whole numbers are exact as long as their absolute values add up to less. */
const exactMax = 2 ** 53
/** The most sums: steps × exporters × keys. */
const slotsMax = 1 << 20
function areExact(files: readonly HeldRows[], columns: readonly string[]): boolean {
  return columns.every(
    (name) => files.reduce((sum, { columns: of }) => sum + of.get(name)!.amount, 0) < exactMax,
  )
}

function isOfRange({ exporters }: SeriesRange): (key: SeriesKey) => boolean {
  if (!exporters) return () => true
  const wanted = new Set(exporters)
  return ({ exporter }) => wanted.has(exporter!)
}

/** See SeriesStore.top; `fields` are those asked for, including the one ordered by. */
export function topOf(
  files: readonly HeldRows[],
  query: TopQuery,
  fields: readonly FieldName[],
): TopRows | null {
  if (!areExact(files, fields)) return null
  const { by, order, limit, from, to } = query
  const cut = cutTag(by)
  const isOf = isOfRange(query)
  const places = new Map<string, number>()
  const keys: SeriesKey[] = []
  const placesOf = files.map(({ keys: all }) =>
    Int32Array.from(all, (key) => {
      if (!isOf(key) || (cut && key[cut] === otherKey)) return -1
      const text = keyText(key, by)
      let place = places.get(text)
      if (place === undefined) {
        places.set(text, (place = keys.length))
        keys.push(Object.fromEntries(by.map((tag) => [tag, key[tag]!])))
      }
      return place
    }),
  )
  const counts = new Uint32Array(keys.length)
  const sums = fields.map(() => new Float64Array(keys.length))
  for (const [f, { count, time, key, columns }] of files.entries()) {
    const placeOf = placesOf[f]!
    const figures = fields.map((field) => columns.get(field)!.values)
    for (let row = 0; row < count; row++) {
      if (time[row]! < from || time[row]! >= to) continue
      const place = placeOf[key[row]!]!
      if (place < 0) continue
      counts[place]!++
      for (let i = 0; i < figures.length; i++) sums[i]![place]! += figures[i]![row]!
    }
  }
  const ordered = sums[fields.indexOf(order)]!
  return [...keys.keys()]
    .filter((place) => counts[place]! > 0)
    .sort((a, b) => ordered[b]! - ordered[a]! || byTags(keys[a]!, keys[b]!, by))
    .slice(0, Math.floor(limit))
    .map((place) => {
      const sum = { bytes: 0, packets: 0, flows: 0, active: 0 }
      for (const [i, field] of fields.entries()) sum[field] = sums[i]![place]!
      return { key: keys[place]!, sum }
    })
}

/** Compares texts by their bytes, as SQL does. */
function byTags(a: SeriesKey, b: SeriesKey, by: readonly (TagName | 'exporter')[]): number {
  for (const tag of by) {
    const order = Buffer.compare(Buffer.from(a[tag]!), Buffer.from(b[tag]!))
    if (order !== 0) return order
  }
  return 0
}

/** See SeriesStore.read; `known` is left at 0 in the 5-minute tier. */
export function rowsOf(
  files: readonly HeldRows[],
  query: ReadQuery,
  fields: readonly FieldName[],
): SeriesRead | null {
  const isCoarse = isConsolidated(query.tier)
  const names = figureNames(isCoarse, fields)
  if (!areExact(files, names)) return null
  const slots = Slots.of(files, query)
  if (slots === null) return null
  const sums = names.map(() => new Float64Array(slots.count))
  const parts = new Uint32Array(slots.count)
  for (const [f, file] of files.entries()) {
    const slotOf = slots.rows(f)
    if (slotOf === null) return null
    for (let row = 0; row < file.count; row++) if (slotOf[row]! >= 0) parts[slotOf[row]!]!++
    for (const [i, name] of names.entries()) {
      const { values } = file.columns.get(name)!
      const sum = sums[i]!
      const isKnown = name === 'known'
      for (let row = 0; row < file.count; row++) {
        const slot = slotOf[row]!
        if (slot < 0) continue
        if (!isKnown) sum[slot]! += values[row]!
        else if (values[row]! > sum[slot]!) sum[slot] = values[row]!
      }
    }
  }
  return written(slots, { parts, sums, fields, isCoarse })
}

/** Where sums are stored: by step, exporter and place of the key, in this order. */
class Slots {
  readonly count: number
  readonly exporters: readonly string[]
  readonly placeCount: number
  readonly #files: readonly HeldRows[]
  readonly #query: ReadQuery
  readonly #start: number

  private constructor(
    files: readonly HeldRows[],
    query: ReadQuery,
    { exporters, count, start }: { exporters: readonly string[]; count: number; start: number },
  ) {
    this.#files = files
    this.#query = query
    this.#start = start
    this.exporters = exporters
    this.placeCount = query.keys.length + 2
    this.count = count
  }

  static of(files: readonly HeldRows[], query: ReadQuery): Slots | null {
    const { from, to, tier, keys } = query
    const found = new Set(files.flatMap((file) => file.keys.map(({ exporter }) => exporter!)))
    const isOf = isOfRange(query)
    const exporters = [...found]
      .filter((exporter) => isOf({ exporter }))
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    const start = Math.floor(from / tier.stepMs) * tier.stepMs
    const count = Math.ceil((to - start) / tier.stepMs) * exporters.length * (keys.length + 2)
    return count > slotsMax ? null : new Slots(files, query, { exporters, count, start })
  }

  time(slot: number): number {
    const step = Math.floor(slot / (this.exporters.length * this.placeCount))
    return this.#start + step * this.#query.tier.stepMs
  }

  exporter(slot: number): number {
    return Math.floor(slot / this.placeCount) % this.exporters.length
  }

  /** As in SeriesRead.key. */
  key(slot: number): number {
    const { length } = this.#query.keys
    const place = slot % this.placeCount
    return place === 0 ? length : place > length ? place : place - 1
  }

  /** The slot of each row of a file, −1 for rows not asked for; null if a row is in no step. */
  rows(file: number): Int32Array | null {
    const { count, time, key, keys } = this.#files[file]!
    const { from, to, tier } = this.#query
    const offsets = this.#offsets(keys)
    const perStep = this.exporters.length * this.placeCount
    const slots = new Int32Array(count)
    for (let row = 0; row < count; row++) {
      const offset = offsets[key[row]!]!
      if (offset < 0 || time[row]! < from || time[row]! >= to) slots[row] = -1
      else {
        const step = (time[row]! - this.#start) / tier.stepMs
        if (!Number.isInteger(step)) return null
        slots[row] = step * perStep + offset
      }
    }
    return slots
  }

  /** The place of each key's rows within a step: 0 for unlisted keys, 1 … n for the keys, n + 1 for `other`. */
  #offsets(keys: readonly SeriesKey[]): Int32Array {
    const { by, keys: listed, rest } = this.#query
    const cut = cutTag(by)
    const places = new Map<string, number>()
    for (const [i, key] of listed.entries()) {
      const text = keyText(key, by)
      if (!places.has(text)) places.set(text, i + 1)
    }
    const exporters = new Map(this.exporters.map((exporter, i) => [exporter, i]))
    return Int32Array.from(keys, (key) => {
      const isOther = cut !== null && key[cut] === otherKey
      const found = places.get(keyText(key, by))
      const place = isOther && (by.length > 1 || !found) ? listed.length + 1 : (found ?? 0)
      const exporter = exporters.get(key.exporter!)
      if (exporter === undefined || (place === 0 && rest === false)) return -1
      return exporter * this.placeCount + place
    })
  }
}

function written(
  slots: Slots,
  made: {
    parts: Uint32Array
    sums: readonly Float64Array[]
    fields: readonly FieldName[]
    isCoarse: boolean
  },
): SeriesRead {
  const { parts, sums, fields, isCoarse } = made
  let count = 0
  for (const part of parts) if (part > 0) count++
  const read = emptyRead(count)
  const columns = figuresOf(read, isCoarse, fields)
  const exporters = new Numbering<number>()
  let row = 0
  for (let slot = 0; slot < parts.length; slot++) {
    if (parts[slot] === 0) continue
    read.time[row] = slots.time(slot)
    read.exporter[row] = exporters.of(slots.exporter(slot))
    read.key[row] = slots.key(slot)
    read.parts[row] = parts[slot]!
    for (const [i, column] of columns.entries()) column[row] = sums[i]![slot]!
    row++
  }
  read.exporters = exporters.keys().map((i) => slots.exporters[i]!)
  return read
}
