/** The flows of a row group within a window, as event analysis reads them: ends, times and amounts. */
import { NetworkSet, parseAddress, parseNetwork, type AddressWords } from '../../../flow/address.ts'
import { createEventFlows, type EventFlows } from '../../../flow/incident/flows/flow-table.ts'
import { isIcmp } from '../../../flow/icmp.ts'
import type { FlowScan } from '../../flows.ts'
import { selectRows } from '../held/selected-flows.ts'
import { copyNumbers, copyPairs } from './copy-rows.ts'
import type { RowGroup } from './row-group.ts'

export type EventWindow = Pick<FlowScan, 'from' | 'to' | 'exporter' | 'hosts'>

/** DuckDB's columns are signed, so results are capped at the same value. */
const samplingMax = 2 ** 31 - 1

const halves = [
  ['exporterHigh', 'exporterAddressHigh'],
  ['exporterLow', 'exporterAddressLow'],
  ['sourceHigh', 'sourceAddressHigh'],
  ['sourceLow', 'sourceAddressLow'],
  ['destinationHigh', 'destinationAddressHigh'],
  ['destinationLow', 'destinationAddressLow'],
] as const
const integers = [
  ['sourcePort', 'sourceTransportPort'],
  ['destinationPort', 'destinationTransportPort'],
  ['protocol', 'protocolIdentifier'],
  ['tcpFlags', 'tcpControlBits'],
] as const
const doubles = ['first', 'last', 'bytes', 'packets'] as const

/** The rows of a group that belong to a window; valid until the next call. */
export function eventRows(group: RowGroup, { from, to, exporter, hosts }: EventWindow): Int32Array {
  let rows = selectRows(group, { from, to, include: 'any' }, null)
  if (exporter !== undefined) rows = ofExporter(group, rows, parseAddress(exporter))
  if (hosts !== undefined) rows = withHosts(group, rows, hosts)
  return rows
}

/** Writes rows [begin, end) of a list to columns with room for them, overwriting their content. */
export function putEvents(
  group: RowGroup,
  rows: Int32Array,
  { begin, end, into }: { begin: number; end: number; into: EventFlows },
): void {
  const { flows } = group
  into.count = end - begin
  for (const name of doubles) copyNumbers(group[name], rows.subarray(begin, end), into[name])
  for (const [name, from] of halves) copyPairs(flows[from], rows.subarray(begin, end), into[name])
  for (const [name, from] of integers)
    copyNumbers(flows[from], rows.subarray(begin, end), into[name])
  if (!group.isZero('icmpTypeCode'))
    putIcmpTypes(flows.icmpTypeCode, rows.subarray(begin, end), into)
  const { samplingInterval } = flows
  for (let n = 0; n < into.count; n++)
    into.sampling[n] = Math.min(samplingMax, samplingInterval[rows[begin + n]!]!)
}

/** The ports of ICMP: see `destinationPort` in ../sql/expressions.ts. */
function putIcmpTypes(types: ArrayLike<number>, rows: Int32Array, into: EventFlows): void {
  for (let n = 0; n < into.count; n++) {
    const type = types[rows[n]!]!
    if (type === 0 || !isIcmp(into.protocol[n]!)) continue
    into.sourcePort[n] = 0
    into.destinationPort[n] = type
  }
}

/** All flows of a group that belong to a window, in new columns. */
export function allEvents(group: RowGroup, window: EventWindow): EventFlows {
  const rows = eventRows(group, window)
  const into = createEventFlows(rows.length)
  putEvents(group, rows, { begin: 0, end: rows.length, into })
  return into
}

/** The same flows in parts of at most `most` rows; nothing is copied. */
export function* partsOf(flows: EventFlows, most: number): Generator<EventFlows> {
  for (let begin = 0; begin < flows.count; begin += most) {
    const end = Math.min(flows.count, begin + most)
    const part = { ...flows, count: end - begin, sampling: flows.sampling.subarray(begin, end) }
    for (const name of doubles) part[name] = flows[name].subarray(begin, end)
    for (const [name] of halves) part[name] = flows[name].subarray(2 * begin, 2 * end)
    for (const [name] of integers) part[name] = flows[name].subarray(begin, end)
    yield part
  }
}

function ofExporter({ flows }: RowGroup, rows: Int32Array, words: AddressWords | null): Int32Array {
  if (words === null) return new Int32Array(0)
  const [w0, w1, w2, w3] = words
  const { exporterAddressHigh: high, exporterAddressLow: low } = flows
  return rows.filter((row) => {
    const at = 2 * row
    return low[at] === w3 && low[at + 1] === w2 && high[at] === w1 && high[at + 1] === w0
  })
}

function withHosts({ flows }: RowGroup, rows: Int32Array, hosts: readonly string[]): Int32Array {
  const wanted = new NetworkSet(hosts.map(parseNetwork).filter((each) => each !== null))
  const { sourceAddressHigh, sourceAddressLow, destinationAddressHigh, destinationAddressLow } =
    flows
  const isOne = (high: Uint32Array, low: Uint32Array, row: number) =>
    wanted.has(high[2 * row + 1]!, high[2 * row]!, low[2 * row + 1]!, low[2 * row]!)
  return rows.filter(
    (row) =>
      isOne(sourceAddressHigh, sourceAddressLow, row) ||
      isOne(destinationAddressHigh, destinationAddressLow, row),
  )
}
