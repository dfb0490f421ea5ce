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
  const { by, order, limit } = query
  const cut = cutTag(by)
  const isOf = isOfRange(query)
  const places = new Map<string, number>()
  const keys: SeriesKey[] = []
  const placesOf = files.map((file) => {
    const texts = textsOf(file, by)
    return Int32Array.from(file.keys, (key, i) => {
      if (!isOf(key) || (cut && key[cut] === otherKey)) return -1
      const text = texts[i]!
      let place = places.get(text)
      if (place === undefined) {
        places.set(text, (place = keys.length))
        keys.push(Object.fromEntries(by.map((tag) => [tag, key[tag]!])))
      }
      return place
    })
  })
  const counts = new Uint32Array(keys.length)
  const sums = fields.map(() => new Float64Array(keys.length))
  const { first, end } = stepsOf(query)
  for (const [f, file] of files.entries()) {
    const { step } = file
    const figures = fields.map((field) => file.columns.get(field)!.values)
    overRuns(file, placesOf[f]!, (place, start, after) => {
      for (let row = start; row < after; row++)
        if (step[row]! >= first && step[row]! < end) counts[place]!++
      for (let i = 0; i < figures.length; i++) {
        const values = figures[i]!
        let sum = 0
        for (let row = start; row < after; row++)
          if (step[row]! >= first && step[row]! < end) sum += values[row]!
        sums[i]![place]! += sum
      }
    })
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

/** The steps of a range, counted from the epoch: the first one, and the one after the last. */
function stepsOf({ from, to, tier }: SeriesRange): { first: number; end: number } {
  return { first: Math.ceil(from / tier.stepMs), end: Math.ceil(to / tier.stepMs) }
}

/** Calls `use` for each run of rows whose key has a place (not −1), with its first row and the one after its last. */
function overRuns(
  { runs }: HeldRows,
  placeOf: Int32Array,
  use: (place: number, start: number, end: number) => void,
): void {
  let start = 0
  for (let run = 0; run < runs.count; run++) {
    const place = placeOf[runs.key[run]!]!
    const end = runs.end[run]!
    if (place >= 0) use(place, start, end)
    start = end
  }
}

/** The text of each key of a file by `by`, made once for queries by the same tags. */
function textsOf(file: HeldRows, by: readonly (TagName | 'exporter')[]): readonly string[] {
  if (file.texts.by.join() !== by.join())
    file.texts = { by, of: file.keys.map((key) => keyText(key, by)) }
  return file.texts.of
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
  const known = names.indexOf('known')
  const { first, end } = stepsOf(query)
  for (const file of files) {
    const { step } = file
    const figures = names.map((name) => file.columns.get(name)!.values)
    overRuns(file, slots.placesOf(file), (place, start, after) => {
      for (let row = start; row < after; row++) {
        if (step[row]! < first || step[row]! >= end) continue
        const slot = slots.at(step[row]!, place)
        parts[slot]!++
        for (let i = 0; i < figures.length; i++) {
          const figure = figures[i]![row]!
          if (i !== known) sums[i]![slot]! += figure
          else if (figure > sums[i]![slot]!) sums[i]![slot] = figure
        }
      }
    })
  }
  return written(slots, { parts, sums, fields, isCoarse })
}

/** Where sums are stored: by step, exporter and place of the key, in this order. */
class Slots {
  readonly count: number
  readonly exporters: readonly string[]
  readonly #query: ReadQuery
  /** Per step; each exporter has the listed keys, those not listed, and `other`. */
  readonly #placeCount: number
  readonly #first: number
  readonly #places = new Map<string, number>()

  private constructor(exporters: readonly string[], query: ReadQuery) {
    const { first, end } = stepsOf(query)
    this.exporters = exporters
    this.#query = query
    this.#placeCount = exporters.length * (query.keys.length + 2)
    this.#first = first
    this.count = Math.max(0, end - first) * this.#placeCount
    for (const [i, key] of query.keys.entries()) {
      const text = keyText(key, query.by)
      if (!this.#places.has(text)) this.#places.set(text, i + 1)
    }
  }

  static of(files: readonly HeldRows[], query: ReadQuery): Slots | null {
    const found = new Set(files.flatMap((file) => file.keys.map(({ exporter }) => exporter!)))
    const isOf = isOfRange(query)
    const exporters = [...found]
      .filter((exporter) => isOf({ exporter }))
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    const slots = new Slots(exporters, query)
    return slots.count > slotsMax ? null : slots
  }

  at(step: number, place: number): number {
    return (step - this.#first) * this.#placeCount + place
  }

  time(slot: number): number {
    return (this.#first + Math.floor(slot / this.#placeCount)) * this.#query.tier.stepMs
  }

  exporter(slot: number): number {
    return Math.floor((slot % this.#placeCount) / (this.#query.keys.length + 2))
  }

  /** As in SeriesRead.key. */
  key(slot: number): number {
    const { length } = this.#query.keys
    const place = slot % (length + 2)
    return place === 0 ? length : place > length ? place : place - 1
  }

  /**
   * The place within a step of each key of a file, −1 for those not asked for. Those of an
   * exporter: 0 for unlisted keys, 1 … n for the keys, n + 1 for `other`.
   */
  placesOf(file: HeldRows): Int32Array {
    const { by, keys: listed, rest } = this.#query
    const cut = cutTag(by)
    const exporters = new Map(this.exporters.map((exporter, i) => [exporter, i]))
    const texts = textsOf(file, by)
    return Int32Array.from(file.keys, (key, i) => {
      const isOther = cut !== null && key[cut] === otherKey
      const found = this.#places.get(texts[i]!)
      const place = isOther && (by.length > 1 || !found) ? listed.length + 1 : (found ?? 0)
      const exporter = exporters.get(key.exporter!)
      if (exporter === undefined || (place === 0 && rest === false)) return -1
      return exporter * (listed.length + 2) + place
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
