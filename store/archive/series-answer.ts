/** From the rows that a series query gives to the answer: keys and exporters are numbered. */
import { formatHalves } from '../../flow/address.ts'
import { restDirections, type FlowKey, type FlowSeries, type FlowSeriesQuery } from '../flows.ts'
import { fieldNames } from '../measurement.ts'
import type { Keys } from './keys.ts'
import type { AnswerColumns } from './query-engine.ts'

/** A list of values for each column of the key; null where all flows have the same, empty, key. */
export type Chosen = readonly (readonly bigint[])[] | null

/** What a window without flows gives. */
export function emptySeries({ by }: FlowSeriesQuery): FlowSeries {
  return { ...emptyRows(0), keys: by.length === 0 ? [{}] : [], exporters: [] }
}

/** Numbers keys and exporters in the order of the answer. */
export function assembleSeries(
  table: AnswerColumns,
  { keys, hasDirection }: { keys: Keys; hasDirection: boolean },
  chosen: Chosen,
): FlowSeries {
  const count = chosen === null ? 1 : chosen[0]!.length
  const listed = Array.from({ length: count }, (_, place) =>
    keys.read((chosen ?? []).map((column) => column[place]!)),
  )
  const [places, directions] = [table.numbers('place'), table.numbers('direction')]
  const code = (place: number, direction: number) => place * restDirections.length + direction
  const split = splitKeys(
    listed,
    new Set(places.map((place, row) => code(place, directions[row]!))),
  )
  const series = emptyRows(table.count)
  const exporters = new Map<string, number>()
  const halves = [table.wholes('exporter_high'), table.wholes('exporter_low')] as const
  series.time.set(table.numbers('time'))
  for (const field of fieldNames) series.sum[field].set(table.numbers(field))
  for (let row = 0; row < table.count; row++) {
    const text = formatHalves(halves[0][row]!, halves[1][row]!)
    if (!exporters.has(text)) exporters.set(text, exporters.size)
    series.exporter[row] = exporters.get(text)!
    const [place, direction] = [places[row]!, directions[row]!]
    series.key[row] = hasDirection
      ? (split.places.get(code(place, direction)) ?? split.keys.length + direction)
      : place
  }
  return { ...series, keys: hasDirection ? split.keys : listed, exporters: [...exporters.keys()] }
}

/** The listed keys with each direction that they have. */
function splitKeys(
  listed: readonly FlowKey[],
  codes: ReadonlySet<number>,
): { keys: FlowKey[]; places: Map<number, number> } {
  const keys: FlowKey[] = []
  const places = new Map<number, number>()
  listed.forEach((key, place) => {
    restDirections.forEach((direction, i) => {
      const code = place * restDirections.length + i
      if (!codes.has(code)) return
      places.set(code, keys.length)
      keys.push({ ...key, direction })
    })
  })
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
