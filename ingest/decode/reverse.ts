/**
 * The other direction of a biflow (RFC 5103; Cisco NSEL's responder) as a row of its own: ends,
 * interfaces and everything specific to an end are swapped; counts and flags are those of that
 * direction.
 */
import { columnNames, wordsPerRow, type ColumnName, type FlowColumns } from '../../flow/columns.ts'
import type { DatagramContext } from './context.ts'
import { clockToleranceMs, countMax } from './limits.ts'

/** The columns of one end with those of the other. */
const pairs: readonly (readonly [ColumnName, ColumnName])[] = [
  ['sourceAddressHigh', 'destinationAddressHigh'],
  ['sourceAddressLow', 'destinationAddressLow'],
  ['sourceTransportPort', 'destinationTransportPort'],
  ['ingressInterface', 'egressInterface'],
  ['bgpSourceAsNumber', 'bgpDestinationAsNumber'],
  ['sourcePrefixLength', 'destinationPrefixLength'],
  ['vlanId', 'postVlanId'],
  ['sourceMacAddress', 'destinationMacAddress'],
  ['ingressVRFID', 'egressVRFID'],
  ['postNATSourceAddressHigh', 'postNATDestinationAddressHigh'],
  ['postNATSourceAddressLow', 'postNATDestinationAddressLow'],
  ['postNAPTSourceTransportPort', 'postNAPTDestinationTransportPort'],
]

/** Columns that are empty in the other direction unless the record has a reverse value. */
const ownColumns: ReadonlySet<ColumnName> = new Set<ColumnName>([
  'octetDeltaCount',
  'packetDeltaCount',
  'tcpControlBits',
  'icmpTypeCode',
  'nextHopAddressHigh',
  'nextHopAddressLow',
])

const timeColumns: ReadonlySet<ColumnName> = new Set<ColumnName>([
  'flowStartMilliseconds',
  'flowEndMilliseconds',
])

const swapped = new Map<ColumnName, ColumnName>(
  pairs.flatMap(([a, b]) => [
    [a, b],
    [b, a],
  ]),
)

/** The column of the other end, or the same column if it belongs to neither end. */
export const swappedColumn = (name: ColumnName): ColumnName => swapped.get(name) ?? name

/**
 * Appends a row for each record whose other direction counted anything, made from row `from` +
 * record and from `reverse`, the reverse values of the record. `replyAfterMs`: by record, how long after the first
 * packet the first of the other direction came; null if records do not say.
 */
export function appendReverse(
  context: DatagramContext,
  reverse: FlowColumns,
  { from, replyAfterMs }: { from: number; replyAfterMs: Float64Array | null },
): void {
  const { flows, exporter } = context
  for (let record = 0; record < reverse.count; record++) {
    const octets = reverse.octetDeltaCount[record]!
    const packets = reverse.packetDeltaCount[record]!
    if ((octets === 0 && packets === 0) || flows.count >= flows.capacity) continue
    const row = flows.count++
    copySwapped(flows, from + record, row)
    if (replyAfterMs !== null) beginLater(flows, row, replyAfterMs[record]!)
    takeOwn(context, reverse, { record, row })
    const rate = flows.samplingInterval[row]!
    exporter.flows++
    exporter.bytes += believed(context, flows.octetDeltaCount, row, rate)
    exporter.packets += believed(context, flows.packetDeltaCount, row, rate)
  }
}

/** A row's count times its rate; one that is too large is set to 0 and reported. */
function believed(
  { exporter }: DatagramContext,
  counts: Float64Array,
  row: number,
  rate: number,
): number {
  if (counts[row]! * rate > countMax) {
    counts[row] = 0
    exporter.problem('counter-too-large')
  }
  return counts[row]! * rate
}

function copySwapped(flows: FlowColumns, from: number, row: number): void {
  for (const name of columnNames) {
    const words = wordsPerRow(name)
    if (ownColumns.has(name)) {
      flows[name].fill(0, row * words, (row + 1) * words)
      continue
    }
    const source = flows[swappedColumn(name)]
    for (let word = 0; word < words; word++)
      flows[name][row * words + word] = source[from * words + word]!
  }
}

/** Moves a row's beginning; an impossible one, after its end, is ignored. */
function beginLater(flows: FlowColumns, row: number, afterMs: number): void {
  const start = flows.flowStartMilliseconds[row]! + afterMs
  if (start <= flows.flowEndMilliseconds[row]!) flows.flowStartMilliseconds[row] = start
}

/** Takes the record's own values for the other direction. */
function takeOwn(
  { flows, receivedMs, skewMs }: DatagramContext,
  reverse: FlowColumns,
  { record, row }: { record: number; row: number },
): void {
  for (const name of columnNames) {
    if (wordsPerRow(name) === 2 || timeColumns.has(name)) continue
    const own = reverse[name][record]!
    if (own !== 0) flows[name][row] = own
  }
  const start = reverse.flowStartMilliseconds[record]! - skewMs
  const end = reverse.flowEndMilliseconds[record]! - skewMs
  // Impossible times are ignored: the flow's own, already repaired, stay.
  if (
    reverse.flowStartMilliseconds[record] === 0 ||
    end < start ||
    end > receivedMs + clockToleranceMs
  )
    return
  flows.flowStartMilliseconds[row] = start
  flows.flowEndMilliseconds[row] = end
}
