/** Lines from the rows of a tier. */
import type { SeriesKey, SeriesRead } from '../../store/series.ts'
import { keyText } from '../../store/shape.ts'
import { knownSteps, type CoverageGrid } from './coverage.ts'
import { newLine, type Line } from './line.ts'
import type { Split, Whole } from './measured.ts'
import { blank, Rest } from './rest.ts'
import type { Steps } from './steps.ts'

interface TierRows {
  steps: Steps
  split: Split
  keys: readonly SeriesKey[]
  /** The rows of the keys; rows of the rest are skipped. */
  listed: SeriesRead
  /** The whole that the keys are part of, and its rows; null if nothing can be cut. */
  whole: { rule: Whole; rows: SeriesRead } | null
  /** The single exporter asked for. */
  exporter: string | undefined
}

interface TierLines {
  lines: Line[]
  rests: Line[]
  /** Whether a line lacks what its key had while it was not among the greatest: that is in `other`. */
  areCut: boolean
}

/**
 * One line per key, in the keys' order, and one for each part of the rest. A key without a row is 0
 * in a known step, but unknown if its exporter stored an `other` row that may include it. An
 * exporter that never has a row for the key in the window makes it unknown only if none has.
 */
export function tierLines(rows: TierRows): TierLines {
  const { steps, keys, listed } = rows
  const lines = keys.map((key) => newLine(key, steps.count))
  const rests = restsOf(rows)
  const places = listed.exporters.map((address) => steps.covered.places.get(address) ?? -1)
  const holes = new Holes(rows, places)
  let areCut = false
  for (let r = 0; r < listed.count; r++) {
    const k = listed.key[r]!
    const at = steps.at(listed.time[r]!)
    if (k >= keys.length || at < 0) continue
    const place = places[listed.exporter[r]!]!
    addRow(lines[k]!, { steps, listed, r, at, place })
    areCut ||= steps.isCut(place, at, listed.known[r])
    holes.present(k, place, at)
    const rest = rests[restPlace(rows, k)]
    if (rest) rest.add(rowOf(steps, listed, { r, at, place }), -1)
  }
  if (holes.blank(lines)) areCut = true
  for (const line of lines) {
    if (steps.isFirstTier) line.peak = line.average.slice()
    blank(line, knownSteps(steps.covered, line.key?.['exporter'] as string | undefined))
  }
  return { lines, rests: finishRests(rows, rests), areCut }
}

interface RowAt {
  r: number
  at: number
  place: number
}

function rowOf(steps: Steps, read: SeriesRead, { r, at, place }: RowAt) {
  const { field } = steps.unit
  const sum = read.sum[field][r]!
  return {
    place,
    at,
    sum,
    known: steps.knownSum(place, at, { sum, unknown: read.unknown[field][r]! }),
  }
}

function addRow(line: Line, row: RowAt & { steps: Steps; listed: SeriesRead }): void {
  const { steps, listed, r, at, place } = row
  const { sum, known } = rowOf(steps, listed, row)
  line.total += sum
  line.average[at]! += steps.mean(place, at, known, listed.known[r])
  line.peak[at]! += steps.peak(listed.max[steps.unit.field][r]!)
  line.parts[at]! += listed.parts[r]!
}

/** Steps in which a key has no row although the exporter stored an `other` row. */
class Holes {
  readonly #others = new Map<number, Uint8Array>()
  readonly #present = new Map<string, { k: number; place: number; steps: Uint8Array }>()
  readonly #count: number
  /** Each key without its direction, and those of which there is no row at all. */
  readonly #names: readonly string[]
  readonly #absent: Set<string>
  readonly #places: CoverageGrid['places']

  constructor({ steps, keys, listed, split }: TierRows, places: readonly number[]) {
    this.#count = steps.count
    this.#names = keys.map((key) => keyText(key, split.ranked))
    this.#absent = new Set(this.#names)
    this.#places = steps.covered.places
    for (let r = 0; r < listed.count; r++) {
      const at = steps.at(listed.time[r]!)
      if (listed.key[r]! <= keys.length || at < 0) continue
      const place = places[listed.exporter[r]!]!
      let marks = this.#others.get(place)
      if (!marks) this.#others.set(place, (marks = new Uint8Array(steps.count)))
      marks[at] = 1
    }
  }

  /** Records that a key has a row. */
  present(k: number, place: number, at: number): void {
    this.#absent.delete(this.#names[k]!)
    if (!this.#others.has(place)) return
    const id = `${k} ${place}`
    let held = this.#present.get(id)
    if (!held) this.#present.set(id, (held = { k, place, steps: new Uint8Array(this.#count) }))
    held.steps[at] = 1
  }

  /** Makes the holes unknown; whether there are any. */
  blank(lines: readonly Line[]): boolean {
    let isAny = false
    const blankIn = ({ average }: Line, others: Uint8Array, present?: Uint8Array) => {
      for (let at = 0; at < others.length; at++) {
        if (others[at] !== 1 || present?.[at] === 1) continue
        average[at] = Number.NaN
        isAny = true
      }
    }
    for (const { k, place, steps } of this.#present.values())
      blankIn(lines[k]!, this.#others.get(place)!, steps)
    for (const [k, line] of lines.entries()) {
      if (!this.#absent.has(this.#names[k]!)) continue
      const exporter = line.key?.['exporter']
      const only = exporter === undefined ? null : this.#places.get(String(exporter))
      for (const [place, others] of this.#others)
        if (only === null || only === place) blankIn(line, others)
    }
    return isAny
  }
}

function restsOf({ steps, split, whole }: TierRows): Rest[] {
  if (whole === null) return []
  const { directions } = split
  return directions.length === 0
    ? [new Rest(steps)]
    : directions.map((direction) => new Rest(steps, direction))
}

/** The part of the rest from which a listed key is subtracted. */
function restPlace({ split, keys }: TierRows, k: number): number {
  const { directions } = split
  return directions.length === 0 ? 0 : directions.indexOf(String(keys[k]!.direction))
}

function finishRests({ steps, whole, exporter }: TierRows, rests: readonly Rest[]): Line[] {
  if (whole === null) return []
  const { rule, rows } = whole
  const { field } = steps.unit
  const places = rows.exporters.map((address) => steps.covered.places.get(address) ?? -1)
  for (let r = 0; r < rows.count; r++) {
    const at = steps.at(rows.time[r]!)
    if (at < 0) continue
    const row = rowOf(steps, rows, { r, at, place: places[rows.exporter[r]!]! })
    for (const { rest, times } of rule.adds[rows.key[r]!] ?? []) {
      rests[rest]!.add(row, times)
      rests[rest]!.bound(at, steps.peak(rows.max[field][r]!) * times)
    }
  }
  const known = knownSteps(steps.covered, exporter)
  return rests
    .map((rest) => rest.finish(known))
    .map((line) => (steps.isFirstTier ? { ...line, peak: line.average.slice() } : line))
}
