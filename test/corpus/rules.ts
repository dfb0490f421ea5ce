/**
 * Why we and another decoder may differ although both are right, or only we are: one table of rules
 * about the contents of a case's datagrams and records, never about the case's name.
 */
import { valueOf, type Difference } from './compare.ts'
import {
  countsBothWays,
  describesTunnels,
  endsConnections,
  holdsLists,
  type Facts,
} from './facts.ts'
import type { ComparedField, GoldenValue } from './golden/golden.ts'
import { hasVariableLength } from './structure.ts'

interface Rule {
  name: string
  reason: string
  explains(difference: Difference, facts: Facts): boolean
}

/** A time may be at most this far after its receipt, ms. */
const clockToleranceMs = 300_000
const times: ReadonlySet<string> = new Set([
  'flowStartMilliseconds',
  'flowEndMilliseconds',
  'durationMs',
])
const decodedVersions: ReadonlySet<number> = new Set([1, 5, 6, 7, 9, 10])
/** IPv6 extension headers, which precede the packet's protocol. */
const extensionHeaders: ReadonlySet<GoldenValue | undefined> = new Set([0, 43, 44, 60, 135])
/** Elements that make a record a flow. */
const flowFields: readonly ComparedField[] = [
  'sourceAddress',
  'destinationAddress',
  'octetDeltaCount',
  'packetDeltaCount',
]

const isTshark = ({ source }: Difference) => source.startsWith('_tshark')

/** The value of a field in a difference's golden record, as a number; NaN if absent. */
function byField(difference: Difference, field: ComparedField): number {
  if (!('record' in difference)) return Number.NaN
  return Number(difference.record.byField.get(field)?.[0] ?? Number.NaN)
}

const isTimeField = (difference: Difference): boolean =>
  difference.kind === 'field' && times.has(difference.field)

export const rules: readonly Rule[] = [
  {
    name: 'repeated',
    reason: 'The same bytes came before from the same exporter: a copy is not counted again.',
    explains: (difference, facts) =>
      difference.kind === 'record-missing' && facts.datagramOf(difference)?.isRepeated === true,
  },
  {
    name: 'waited',
    reason: 'Data came before its template: it waited and was decoded, where others drop it.',
    explains: (difference, facts) =>
      difference.kind === 'row-extra' &&
      facts.structure.late.size > 0 &&
      (facts.datagramOf(difference)?.sets.some(({ kind }) => kind === 'without-template') ?? false),
  },
  {
    name: 'other-port',
    reason: 'The template came from another port of the same exporter and domain; tshark keeps ports apart.',
    explains: (difference, facts) =>
      difference.kind === 'row-extra' &&
      isTshark(difference) &&
      facts.templatesOf(difference).some(({ sourcePort }) => sourcePort !== facts.datagramOf(difference)?.sourcePort),
  },
  {
    name: 'other-direction',
    reason: 'The record counts both directions of a flow: we give each a row.',
    explains: (difference, facts) =>
      difference.kind === 'row-extra' &&
      facts.templatesOf(difference).some(countsBothWays) &&
      hasMirror(difference, facts),
  },
  {
    name: 'counted-by-updates',
    reason: "A firewall counts at a connection's end again what its updates did: we count that once.",
    explains: (difference, facts) =>
      difference.kind === 'field' &&
      difference.field === 'octetDeltaCount' &&
      facts.templatesOf(difference).some(endsConnections) &&
      Number(difference.golden[0]) > Number(difference.ours) &&
      Number(difference.golden[0]) - Number(difference.ours) <= countedBefore(difference, facts),
  },
  {
    name: 'nested',
    reason: 'The flow lies in a list within a record, which the other decoder steps over.',
    explains: (difference, facts) =>
      difference.kind === 'row-extra' && facts.templatesOf(difference).some(holdsLists),
  },
  {
    name: 'replaced-template',
    reason: 'A template came again with other fields: the last counts (RFC 7011, 8.1); tshark keeps the first.',
    explains: (difference, facts) =>
      isTshark(difference) && facts.templatesOf(difference).some(({ isReplacement }) => isReplacement),
  },
  {
    name: 'variable-in-v9',
    reason: 'H3C sends fields of variable length in NetFlow v9; tshark takes 65535 for their length.',
    explains: (difference, facts) =>
      isTshark(difference) &&
      facts.datagramOf(difference)?.version === 9 &&
      facts.templatesOf(difference).some(hasVariableLength),
  },
  {
    name: 'count-in-v9',
    reason: 'More sets follow than the header of NetFlow v9 counts; tshark stops, we go on to the end.',
    explains: (difference, facts) => {
      const datagram = facts.datagramOf(difference)
      return (
        difference.kind === 'row-extra' &&
        isTshark(difference) &&
        datagram?.version === 9 &&
        datagram.count < datagram.sets.length
      )
    },
  },
  {
    name: 'malformed',
    reason: 'The datagram is malformed: how much of it is read is a choice.',
    explains: (difference, facts) =>
      (difference.kind === 'row-extra' || difference.kind === 'record-missing' || difference.kind === 'counters') &&
      facts.datagramOf(difference)?.isMalformed === true,
  },
  {
    name: 'gave-up',
    reason: 'The other decoder gave up within the datagram (a field of a length that it does not take); we skip the field.',
    explains: (difference, facts) => difference.kind === 'row-extra' && facts.gaveUp(difference),
  },
  {
    name: 'not-a-flow',
    reason: 'The record has neither ends nor counts: it is counted, and gives no row.',
    explains: (difference) =>
      difference.kind === 'record-missing' && !flowFields.some((field) => difference.record.byField.has(field)),
  },
  {
    name: 'time-not-byField',
    reason: 'The record says 0 of its time: the time of export stands in.',
    explains: (difference) =>
      isTimeField(difference) &&
      (byField(difference, 'flowStartMilliseconds') === 0 || byField(difference, 'flowEndMilliseconds') === 0),
  },
  {
    name: 'time-clamped',
    reason: 'A time lies over five minutes after its receipt: it is clamped to it, and counted.',
    explains: (difference, facts) => {
      if (!isTimeField(difference) || difference.kind !== 'field') return false
      const latest = facts.exportMsOf(difference) + clockToleranceMs
      const { row } = difference.row
      const isClamped = row['flowEndMilliseconds'] === row['collectionTimeMilliseconds']
      const isAhead =
        byField(difference, 'flowEndMilliseconds') > latest ||
        byField(difference, 'flowStartMilliseconds') > latest ||
        !difference.record.byField.has('flowEndMilliseconds')
      return isClamped && isAhead && (facts.decoded.problems['time-in-future'] ?? 0) > 0
    },
  },
  {
    name: 'time-reversed',
    reason: 'The last packet comes before the first: both are taken as the first, and counted.',
    explains: (difference) =>
      isTimeField(difference) &&
      (byField(difference, 'flowEndMilliseconds') < byField(difference, 'flowStartMilliseconds') ||
        byField(difference, 'durationMs') < 0),
  },
  {
    name: 'logstash-second',
    reason: "logstash's codec adds up to two seconds to uptime-relative times of NetFlow v9.",
    explains: (difference, facts) =>
      difference.kind === 'field' &&
      isTimeField(difference) &&
      difference.source.endsWith('.golden.json') &&
      facts.datagramOf(difference)?.version === 9 &&
      Number(difference.golden[0]) - Number(difference.ours) > 0 &&
      Number(difference.golden[0]) - Number(difference.ours) < 2000,
  },
  {
    name: 'goldens-differ',
    reason: 'Two decoders read the field differently; one of them says what we do.',
    explains: (difference, facts) =>
      difference.kind === 'field' &&
      facts.isReportedElsewhere(difference.source, difference.row, difference.field),
  },
  {
    name: 'pseudowire',
    reason: 'Within MPLS lies another frame; whether a control word stands before it is guessed differently.',
    explains: (difference) =>
      difference.kind === 'field' &&
      Number(difference.row.row['mplsTopLabel']) > 0 &&
      (difference.record.byField.get('sourceMacAddress')?.length ?? 0) > 1,
  },
  {
    name: 'extension-header',
    reason: 'The protocol is the one behind the IPv6 extension headers.',
    explains: (difference) =>
      difference.kind === 'field' &&
      difference.field === 'protocolIdentifier' &&
      extensionHeaders.has(difference.golden[0]) &&
      String(difference.row.row['sourceAddress']).includes(':'),
  },
  {
    name: 'options-data',
    reason: 'The values are those of options records, which describe interfaces and are no flows.',
    explains: (difference, facts) =>
      difference.kind === 'column' &&
      difference.extra.length === 0 &&
      (facts.datagramOf(difference)?.sets.some(({ kind }) => kind === 'options-data') ?? false),
  },
  {
    name: 'tunnel',
    reason: 'The record describes a packet within a packet: the golden lists the headers of both, we keep the inner.',
    explains: (difference, facts) =>
      difference.kind === 'column' &&
      difference.extra.length === 0 &&
      facts.templatesOf(difference).some(describesTunnels),
  },
  {
    name: 'other-version',
    reason: 'The datagram is of a version that is not decoded; it is counted.',
    explains: (difference, facts) => {
      const datagram = facts.datagramOf(difference)
      return (
        difference.kind === 'record-missing' &&
        datagram !== null &&
        !datagram.isSflow &&
        !decodedVersions.has(datagram.version)
      )
    },
  },
  {
    name: 'inner-packet',
    reason: 'A sampled packet carries another (a tunnel, or an ICMP error that quotes it): the outer counts.',
    explains: (difference, facts) =>
      difference.kind === 'field' &&
      (difference.record.byField.get('protocolIdentifier')?.length ?? 0) > 1 &&
      !facts.templatesOf(difference).some(describesTunnels),
  },
  {
    name: 'not-scaled',
    reason: 'The golden sums up what was counted, not what it stands for by the sampling rate.',
    explains: (difference) =>
      difference.kind === 'group' &&
      difference.unscaled.octets > 0 &&
      difference.unscaled.octets === difference.group.octets &&
      difference.unscaled.packets === difference.group.packets,
  },
  {
    name: 'set-up-rate',
    reason: 'The record names a sampler whose rate the exporter does not tell; pmacct was given it.',
    explains: (difference, facts) => {
      if (difference.kind !== 'group' || difference.packets === 0) return false
      const rate = difference.group.packets / difference.packets
      const isUnknown = (facts.decoded.problems['sampling-unknown'] ?? 0) > 0
      return isUnknown && Number.isInteger(rate) && difference.octets * rate === difference.group.octets
    },
  },
  {
    name: 'more-exporters',
    reason: 'The golden sums up exporters that the case does not hold.',
    explains: (difference, facts) => {
      if (difference.kind !== 'group' || difference.packets !== 0 || difference.octets !== 0) return false
      const ours = new Set(facts.corpusCase.datagrams.map(({ source }) => source)).size
      return facts.goldens.some(({ source, exporters }) => source === difference.source && exporters > ours)
    },
  },
] // prettier-ignore

/** Octets between the same ends, in the same direction, in the rows before. */
function countedBefore(
  { row }: Extract<Difference, { kind: 'field' }>,
  { decoded: { rows } }: Facts,
): number {
  const ends = ['sourceAddress', 'destinationAddress', 'sourceTransportPort', 'destinationTransportPort'] as const // prettier-ignore
  return rows
    .slice(0, rows.indexOf(row))
    .filter((other) => ends.every((end) => valueOf(other.row, end) === valueOf(row.row, end)))
    .reduce((sum, other) => sum + Number(other.row['octetDeltaCount']), 0)
}

/** Whether another row of the same datagram is the same flow seen from its other end. */
function hasMirror(difference: Difference, { decoded }: Facts): boolean {
  if (difference.kind !== 'row-extra') return false
  const { row, datagram } = difference.row
  const pairs = [
    ['sourceAddress', 'destinationAddress'],
    ['sourceTransportPort', 'destinationTransportPort'],
  ] as const
  return decoded.rows.some(
    (other) =>
      other !== difference.row &&
      other.datagram === datagram &&
      pairs.every(
        ([a, b]) =>
          valueOf(row, a) === valueOf(other.row, b) && valueOf(row, b) === valueOf(other.row, a),
      ),
  )
}

/** The first rule that explains a difference, or null. */
export function ruleFor(difference: Difference, facts: Facts): Rule | null {
  return rules.find((rule) => rule.explains(difference, facts)) ?? null
}
