/** Series out of held files: see series.ts, whose answer this is too. */
import { setImmediate as nextTurn } from 'node:timers/promises'

import type { NetworkSet } from '../../../flow/address.ts'
import { activeWithin, countWithin } from '../../../flow/spread.ts'
import type { FlowSeries, FlowSeriesQuery } from '../../flows.ts'
import type { FieldName } from '../../measurement.ts'
import type { KeyColumn } from '../key-columns.ts'
import { Keys } from '../keys.ts'
import { assembleSeries, type Chosen } from '../series-answer.ts'
import { ExactSums } from '../exact-sums.ts'
import { StepSums, type PlacedFlows } from '../step-sums.ts'
import { keysOfFile } from './file-keys.ts'
import type { HeldFlows } from './held-files.ts'
import { greatest, numberFlows, type Numbered, type NumberedFlows } from './numbered.ts'

/** The rows of each step, exporter and key. */
export async function heldSeries(
  files: readonly HeldFlows[],
  query: FlowSeriesQuery,
  local: NetworkSet,
): Promise<FlowSeries> {
  const words = query.by.filter((word) => word !== 'direction')
  const hasDirection = words.length < query.by.length
  const keys = new Keys(words, local.networks)
  const numbered = await numberFlows(files, query, { keys, local, onlySaid: true })
  const places = words.length === 0 ? null : placesOf(numbered, query)
  const sums = new StepSums(query, (places?.listed.length ?? 0) + 1)
  for (const part of numbered.parts) {
    const made = hasDirection ? keys.directionMade(part.end) : null
    sums.add(placedFlows(part, places?.of ?? null, made && directionsOf(part, made, local)))
    await nextTurn()
  }
  const chosen: Chosen =
    places &&
    keys.names.map((_, i) => places.listed.map((number) => numbered.table.valuesOf(number)[i]!))
  return assembleSeries(sums.placed(), { keys, hasDirection }, chosen)
}

/** The greatest keys, and the place of every key: that among them, or the one after for all others. */
function placesOf(
  { parts, table }: Numbered,
  { from, to, order, top }: FlowSeriesQuery,
): { listed: number[]; of: Int32Array } {
  const sums = new ExactSums()
  if (table.count > 0) sums.reach(table.count - 1)
  const within = ({ first, last }: HeldFlows, count: number, row: number) =>
    first[row]! >= from && last[row]! <= to
      ? count
      : countWithin(count, { first: first[row]!, last: last[row]! }, from, to)
  const shareOf: Record<FieldName, (file: HeldFlows, row: number) => number> = {
    bytes: (file, row) => within(file, file.bytes[row]!, row),
    packets: (file, row) => within(file, file.packets[row]!, row),
    flows: ({ first }, row) => (first[row]! >= from && first[row]! < to ? 1 : 0),
    active: ({ first, last }, row) => activeWithin(first[row]!, last[row]!, from, to),
  }
  const share = shareOf[order]
  for (const { file, rows, numbers } of parts)
    for (let n = 0; n < rows.length; n++) sums.add(numbers[n]!, share(file, rows[n]!))
  const listed = greatest(table, (a, b) => sums.compare(a, b), top)
  const of = new Int32Array(table.count).fill(listed.length)
  listed.forEach((number, place) => (of[number] = place))
  return { listed, of }
}

/** The place in restDirections of each of the flows. */
function directionsOf(
  { file, rows }: NumberedFlows,
  made: KeyColumn,
  local: NetworkSet,
): Int32Array {
  const { table, numbers } = keysOfFile(file, [made], local)
  const codes = Array.from({ length: table.count }, (_, number) =>
    Number(table.valuesOf(number)[0]),
  )
  return rows.map((row) => codes[numbers[row]!]!)
}

function placedFlows(
  { file, rows, numbers }: NumberedFlows,
  places: Int32Array | null,
  directions: Int32Array | null,
): PlacedFlows {
  const { first, last, bytes, packets } = file
  const { exporterAddressHigh: exporterHigh, exporterAddressLow: exporterLow } = file.flows
  const place = places ? numbers.map((number) => places[number]!) : numbers
  const flows = { first, last, bytes, packets, exporterHigh, exporterLow }
  const direction = directions ?? new Int32Array(rows.length)
  return { count: rows.length, rows, place, direction, ...flows }
}
