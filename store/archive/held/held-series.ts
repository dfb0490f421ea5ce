/** Series from held files; same answers as sql/series.ts. */
import { setImmediate as nextTurn } from 'node:timers/promises'

import type { NetworkSet } from '../../../flow/address.ts'
import type { FlowSeries, FlowSeriesQuery } from '../../flows.ts'
import { fieldNames } from '../../measurement.ts'
import { Keys } from '../keys/keys.ts'
import { assembleSeries, type Chosen } from '../answer/series-answer.ts'
import { keysOfFile } from './file-keys.ts'
import { addressColumns } from '../keys/key-columns.ts'
import { KeyTable } from '../keys/key-table.ts'
import { greatest, type Numbered, type NumberedFlows } from './numbered.ts'
import { lineOf, StepLines, ways } from './step-lines.ts'
import type { HeldWindow } from './held-windows.ts'

/** Values of lines that are summed at once: 64 MB. */
const valuesMax = 8_000_000

/** The rows of each step, exporter and key; null if there are too many lines to sum side by side. */
export async function heldSeries(
  window: HeldWindow,
  query: FlowSeriesQuery,
  local: NetworkSet,
): Promise<FlowSeries | null> {
  const words = query.by.filter((word) => word !== 'direction')
  const hasDirection = words.length < query.by.length
  const keys = new Keys(words, local.networks)
  const numbered = await window.numbered(keys, local, true)
  const listed = words.length === 0 ? null : greatestKeys(numbered, query)
  const places = (listed?.length ?? 0) + 1
  const placed = { placeOf: placesOf(numbered.table, listed), places, hasDirection }
  const { parts, exporters } = placeFlows(numbered, placed, { keys, local })
  const { from, to, stepMs } = query
  const fields = query.only ? [query.only] : fieldNames
  const linesMax = valuesMax / (fields.length * ((to - from) / stepMs))
  if (exporters.count * places * ways > linesMax && countLines(parts) > linesMax) return null
  const lines = new StepLines(query, fields)
  for (const { selected, linesOf } of parts) {
    for (const field of fields)
      for (const piece of selected.parts({ from, to, stepMs, field })) {
        lines.add(field, piece, linesOf)
        query.signal?.throwIfAborted()
        await nextTurn()
      }
  }
  const chosen: Chosen =
    listed && keys.names.map((_, i) => listed.map((number) => numbered.table.valuesOf(number)[i]!))
  return assembleSeries(lines.placed(exporters, places), { keys, hasDirection }, chosen)
}

/** The largest keys over the window, largest first. */
function greatestKeys({ parts, table }: Numbered, { order, top }: FlowSeriesQuery): number[] {
  const sums = new Float64Array(table.count)
  for (const { selected, numbers } of parts) {
    const shares = selected.shares(order)
    for (let n = 0; n < numbers.length; n++) if (numbers[n]! >= 0) sums[numbers[n]!]! += shares[n]!
  }
  return greatest(table, (a, b) => sums[a]! - sums[b]!, top)
}

/** The index of every key: its place in the list, or the one after it for all others. */
function placesOf(table: KeyTable, listed: readonly number[] | null): Int32Array {
  const places = new Int32Array(table.count).fill(listed?.length ?? 0)
  listed?.forEach((number, place) => (places[number] = place))
  return places
}

interface Placed {
  placeOf: Int32Array
  places: number
  hasDirection: boolean
}

interface PlacedFlows {
  selected: NumberedFlows['selected']
  /** The line of the nth flow; −1 if it does not count. */
  linesOf: Int32Array
}

/** The lines of all flows, and the exporters by number. */
function placeFlows(
  { parts }: Numbered,
  { placeOf, places, hasDirection }: Placed,
  { keys, local }: { keys: Keys; local: NetworkSet },
): { parts: PlacedFlows[]; exporters: KeyTable } {
  const exporters = new KeyTable(2)
  const lineOfPlace = placeOf.map((place) => lineOf(0, places, place, 0))
  const placed = parts.map(({ selected, end, numbers }) => {
    const { file, rows } = selected
    // Exporter and direction form one key, since a file has few combinations.
    const direction = hasDirection ? [keys.directionDefinition(end)] : []
    const columns = [...addressColumns('exporterAddress'), ...direction]
    const way = keysOfFile(file, columns, local)
    const lineOfWay = Int32Array.from({ length: way.table.count }, (_, number) => {
      const [high, low, code] = way.table.valuesOf(number)
      return lineOf(exporters.numberOfValues([high!, low!]), places, 0, Number(code ?? 0))
    })
    const linesOf = new Int32Array(numbers.length)
    for (let n = 0; n < numbers.length; n++) {
      const number = numbers[n]!
      linesOf[n] = number < 0 ? -1 : lineOfWay[way.numbers[rows[n]!]!]! + lineOfPlace[number]!
    }
    return { selected, linesOf }
  })
  return { parts: placed, exporters }
}

function countLines(parts: readonly PlacedFlows[]): number {
  const found = new Set<number>()
  for (const { linesOf } of parts) for (const line of linesOf) if (line >= 0) found.add(line)
  return found.size
}
