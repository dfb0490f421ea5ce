/** Builds the answer of a series query from its rows: keys and exporters are numbered. */
import { formatHalves } from '../../../flow/address.ts'
import { restDirections, type FlowKey, type FlowSeries, type FlowSeriesQuery } from '../../flows.ts'
import type { FieldName } from '../../measurement.ts'
import { Numbering } from '../../numbering.ts'
import type { Keys } from '../keys/keys.ts'
import type { AnswerColumns } from '../sql/query-engine.ts'

/** The values of each column of the key; null if all flows have the same, empty, key. */
export type Chosen = readonly (readonly bigint[])[] | null

/** The answer for a window without flows. */
export function emptySeries({ by }: FlowSeriesQuery): FlowSeries {
  return { ...emptyRows(0), keys: by.length === 0 ? [{}] : [], exporters: [] }
}

/** Sums by step, exporter, key and direction. */
export interface PlacedSums {
  count: number
  /** Start of the step, unix ms. */
  time: Float64Array
  /** Index in `exporters`, which are addresses. */
  exporter: Uint32Array
  exporters: string[]
  /** Index of the key in the list of chosen keys; one more for all others. */
  place: Int32Array
  /** Index in restDirections. */
  direction: Int32Array
  sum: Record<FieldName, Float64Array>
}

/** Sums from the columns of a table. */
export function placedSums(table: AnswerColumns): PlacedSums {
  const exporters = new Numbering<string>()
  const halves = [table.wholes('exporter_high'), table.wholes('exporter_low')] as const
  const exporter = new Uint32Array(table.count)
  for (let row = 0; row < table.count; row++) {
    exporter[row] = exporters.of(formatHalves(halves[0][row]!, halves[1][row]!))
  }
  const doubles = (name: string) => Float64Array.from(table.numbers(name))
  return {
    count: table.count,
    time: doubles('time'),
    exporter,
    exporters: exporters.keys(),
    place: Int32Array.from(table.numbers('place')),
    direction: Int32Array.from(table.numbers('direction')),
    sum: {
      bytes: doubles('bytes'),
      packets: doubles('packets'),
      flows: doubles('flows'),
      active: doubles('active'),
    },
  }
}

/** Numbers the keys in the order of the answer. */
export function assembleSeries(
  { count, time, exporter, exporters, place, direction, sum }: PlacedSums,
  { keys, hasDirection }: { keys: Keys; hasDirection: boolean },
  chosen: Chosen,
): FlowSeries {
  const listed = Array.from({ length: chosen === null ? 1 : chosen[0]!.length }, (_, at) =>
    keys.read((chosen ?? []).map((column) => column[at]!)),
  )
  const rows = { count, time, exporter, exporters, sum }
  if (!hasDirection) return { ...rows, key: place, keys: listed }
  const ways = restDirections.length
  const codes = new Uint8Array((listed.length + 1) * ways)
  for (let row = 0; row < count; row++) codes[place[row]! * ways + direction[row]!] = 1
  const split = splitKeys(listed, codes)
  const key = new Int32Array(count)
  for (let row = 0; row < count; row++)
    key[row] = split.places[place[row]! * ways + direction[row]!]!
  return { ...rows, key, keys: split.keys }
}

/** The listed keys by direction (`codes` is 1), with the index of each; the others get the indices after them. */
function splitKeys(
  listed: readonly FlowKey[],
  codes: Uint8Array,
): { keys: FlowKey[]; places: Int32Array } {
  const keys: FlowKey[] = []
  const places = new Int32Array(codes.length)
  const ways = restDirections.length
  listed.forEach((key, place) => {
    restDirections.forEach((direction, i) => {
      if (codes[place * ways + i] === 0) return
      places[place * ways + i] = keys.length
      keys.push({ ...key, direction })
    })
  })
  restDirections.forEach((_, i) => (places[listed.length * ways + i] = keys.length + i))
  return { keys, places }
}

function emptyRows(count: number): Omit<FlowSeries, 'keys' | 'exporters'> {
  const numbers = () => new Float64Array(count)
  return {
    count,
    time: numbers(),
    exporter: new Uint32Array(count),
    key: new Int32Array(count),
    sum: { bytes: numbers(), packets: numbers(), flows: numbers(), active: numbers() },
  }
}
