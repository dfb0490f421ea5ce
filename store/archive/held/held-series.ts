/** Series out of held files: see series.ts, whose answer this is too. */
import { setImmediate as nextTurn } from 'node:timers/promises'

import type { NetworkSet } from '../../../flow/address.ts'
import type { FlowSeries, FlowSeriesQuery } from '../../flows.ts'
import { fieldNames } from '../../measurement.ts'
import type { KeyColumn } from '../key-columns.ts'
import { Keys } from '../keys.ts'
import { assembleSeries, type Chosen } from '../series-answer.ts'
import { keysOfFile } from './file-keys.ts'
import type { HeldFlows } from './held-files.ts'
import { addressColumns, KeyTable } from './key-table.ts'
import { greatest, type Numbered, type NumberedFlows } from './numbered.ts'
import { lineOf, StepLines, ways } from './step-lines.ts'
import type { HeldWindow } from './window.ts'

/** Values of lines that are added up at once: 64 MB. */
const valuesMost = 8_000_000

/** The rows of each step, exporter and key; null where the lines are too many to be added up side by side. */
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
  const exporterWays = waysOf(numbered, hasDirection, { keys, local })
  const { exporters } = exporterWays
  const parts = placeFlows(numbered, exporterWays, {
    placeOf: placesOf(numbered.table, listed),
    places,
  })
  const { from, to, stepMs } = query
  const fields = query.only ? [query.only] : fieldNames
  const linesMost = valuesMost / (fields.length * ((to - from) / stepMs))
  if (exporters.count * places * ways > linesMost && countLines(parts) > linesMost) return null
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

/** The greatest keys over the window, greatest first. */
function greatestKeys({ parts, table }: Numbered, { order, top }: FlowSeriesQuery): number[] {
  const sums = new Float64Array(table.count)
  for (const { selected, numbers } of parts) {
    const shares = selected.shares(order)
    for (let n = 0; n < numbers.length; n++) if (numbers[n]! >= 0) sums[numbers[n]!]! += shares[n]!
  }
  return greatest(table, (a, b) => sums[a]! - sums[b]!, top)
}

/** The place of every key: that among those listed, or the one after for all others. */
function placesOf(table: KeyTable, listed: readonly number[] | null): Int32Array {
  const places = new Int32Array(table.count).fill(listed?.length ?? 0)
  listed?.forEach((number, place) => (places[number] = place))
  return places
}

/** Of the nth flow of each part the number of its exporter and its direction, as exporter × ways + direction. */
interface ExporterWays {
  exporters: KeyTable
  waysOf: Int32Array[]
}

/** With direction and without, since a page asks for the same flows in several measures. */
const kept = new WeakMap<Numbered, Map<boolean, ExporterWays>>()

function waysOf(
  numbered: Numbered,
  hasDirection: boolean,
  asked: { keys: Keys; local: NetworkSet },
): ExporterWays {
  const known = kept.get(numbered) ?? new Map<boolean, ExporterWays>()
  kept.set(numbered, known)
  const found = known.get(hasDirection) ?? numberWays(numbered, hasDirection, asked)
  known.set(hasDirection, found)
  return found
}

function numberWays(
  { parts }: Numbered,
  hasDirection: boolean,
  { keys, local }: { keys: Keys; local: NetworkSet },
): ExporterWays {
  const exporters = new KeyTable(2)
  const all = parts.map(({ selected, end }) => {
    const { file, rows } = selected
    const exporter = keysOfFile(file, addressColumns('exporterAddress'), local)
    const firstWays = Int32Array.from(
      { length: exporter.table.count },
      (_, number) => exporters.numberLike(exporter.table, number) * ways,
    )
    const direction = hasDirection ? directions(file, keys.directionMade(end), local) : null
    const found = new Int32Array(rows.length)
    for (let n = 0; n < rows.length; n++) {
      const row = rows[n]!
      const way = direction === null ? 0 : direction.codes[direction.numbers[row]!]!
      found[n] = firstWays[exporter.numbers[row]!]! + way
    }
    return found
  })
  return { exporters, waysOf: all }
}

interface PlacedFlows {
  selected: NumberedFlows['selected']
  /** Of the nth flow its line; −1 where it does not count. */
  linesOf: Int32Array
}

/** The lines of all flows. */
function placeFlows(
  { parts }: Numbered,
  { exporters, waysOf: found }: ExporterWays,
  { placeOf, places }: { placeOf: Int32Array; places: number },
): PlacedFlows[] {
  const lineOfWay = Int32Array.from({ length: exporters.count * ways }, (_, way) =>
    lineOf(Math.floor(way / ways), places, 0, way % ways),
  )
  const lineOfPlace = placeOf.map((place) => lineOf(0, places, place, 0))
  return parts.map(({ selected, numbers }, part) => {
    const wayOf = found[part]!
    const linesOf = new Int32Array(numbers.length)
    for (let n = 0; n < numbers.length; n++) {
      const number = numbers[n]!
      linesOf[n] = number < 0 ? -1 : lineOfWay[wayOf[n]!]! + lineOfPlace[number]!
    }
    return { selected, linesOf }
  })
}

function countLines(parts: readonly PlacedFlows[]): number {
  const found = new Set<number>()
  for (const { linesOf } of parts) for (const line of linesOf) if (line >= 0) found.add(line)
  return found.size
}

/** The direction of each row by number, and the place in restDirections of each of these. */
function directions(
  file: HeldFlows,
  made: KeyColumn,
  local: NetworkSet,
): { numbers: Int32Array; codes: Int32Array } {
  const { table, numbers } = keysOfFile(file, [made], local)
  const codes = Int32Array.from({ length: table.count }, (_, n) => Number(table.valuesOf(n)[0]))
  return { numbers, codes }
}
