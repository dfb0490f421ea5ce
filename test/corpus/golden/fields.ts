/**
 * The vocabulary of goldens: IANA's names of the elements that the archive keeps, the field that each
 * sets, and how its values are read. If several set the same field, the earlier is preferred. Separate
 * from the decoder's own table, so that a slip in either shows as a difference.
 */
import type { ComparedField, FieldMap } from './golden.ts'
import * as read from './value.ts'
import type { ValueReader } from './value.ts'

/** An element: the field that it sets and the reader of its values; `rank` grows with the line. */
interface GoldenField {
  field: ComparedField
  read: ValueReader
  rank: number
}

type Line = readonly [field: ComparedField, read: ValueReader, ...names: string[]]

const lines: readonly Line[] = [
  ['octetDeltaCount', read.number, 'octetDeltaCount', 'octetTotalCount', 'initiatorOctets', 'layer2OctetDeltaCount', 'postOctetDeltaCount', 'ipTotalLength', 'dataLinkFrameSize'],
  ['packetDeltaCount', read.number, 'packetDeltaCount', 'packetTotalCount', 'initiatorPackets', 'postPacketDeltaCount'],
  ['sourceAddress', read.address, 'sourceIPv4Address', 'sourceIPv6Address', 'sourceIPv4Prefix', 'sourceIPv6Prefix', 'clientIPv4Address'],
  ['destinationAddress', read.address, 'destinationIPv4Address', 'destinationIPv6Address', 'destinationIPv4Prefix', 'destinationIPv6Prefix', 'serverIPv4Address'],
  ['stationAddress', read.address, 'staIPv4Address'],
  ['nextHopAddress', read.address, 'ipNextHopIPv4Address', 'ipNextHopIPv6Address', 'bgpNextHopIPv4Address', 'bgpNextHopIPv6Address'],
  ['postNATSourceAddress', read.address, 'postNATSourceIPv4Address', 'postNATSourceIPv6Address'],
  ['postNATDestinationAddress', read.address, 'postNATDestinationIPv4Address', 'postNATDestinationIPv6Address'],
  ['postNAPTSourceTransportPort', read.number, 'postNAPTSourceTransportPort'],
  ['postNAPTDestinationTransportPort', read.number, 'postNAPTDestinationTransportPort'],
  ['sourceTransportPort', read.number, 'sourceTransportPort', 'udpSourcePort', 'tcpSourcePort', 'clientTransportPort'],
  ['destinationTransportPort', read.number, 'destinationTransportPort', 'udpDestinationPort', 'tcpDestinationPort', 'serverTransportPort'],
  ['protocolIdentifier', read.protocol, 'protocolIdentifier', 'nextHeaderIPv6'],
  ['tcpControlBits', read.flags, 'tcpControlBits'],
  ['ipClassOfService', read.number, 'ipClassOfService'],
  ['ipClassOfService', read.codePoint, 'ipDiffServCodePoint'],
  ['ipClassOfService', read.number, 'postIpClassOfService'],
  ['icmpTypeCode', read.number, 'icmpTypeCodeIPv4', 'icmpTypeCodeIPv6'],
  ['ingressInterface', read.number, 'ingressInterface', 'ingressPhysicalInterface'],
  ['egressInterface', read.number, 'egressInterface', 'egressPhysicalInterface'],
  ['flowDirection', read.direction, 'flowDirection'],
  ['flowEndReason', read.endReason, 'flowEndReason'],
  ['bgpSourceAsNumber', read.number, 'bgpSourceAsNumber'],
  ['bgpDestinationAsNumber', read.number, 'bgpDestinationAsNumber'],
  ['sourcePrefixLength', read.number, 'sourceIPv4PrefixLength', 'sourceIPv6PrefixLength'],
  ['destinationPrefixLength', read.number, 'destinationIPv4PrefixLength', 'destinationIPv6PrefixLength'],
  ['vlanId', read.number, 'vlanId', 'dot1qVlanId', 'dot1qCustomerVlanId'],
  ['postVlanId', read.number, 'postVlanId', 'postDot1qVlanId'],
  ['sourceMacAddress', read.mac, 'sourceMacAddress', 'postSourceMacAddress'],
  ['destinationMacAddress', read.mac, 'destinationMacAddress', 'postDestinationMacAddress'],
  ['mplsTopLabel', read.label, 'mplsTopLabelStackSection'],
  ['ingressVRFID', read.number, 'ingressVRFID'],
  ['egressVRFID', read.number, 'egressVRFID'],
  ['applicationId', read.application, 'applicationId'],
  ['samplingInterval', read.number, 'samplingInterval'],
  ['flowStartMilliseconds', read.time, 'flowStartMilliseconds', 'flowStartMicroseconds', 'flowStartNanoseconds', 'flowStartSeconds'],
  ['flowEndMilliseconds', read.time, 'flowEndMilliseconds', 'flowEndMicroseconds', 'flowEndNanoseconds', 'flowEndSeconds', 'observationTimeMilliseconds'],
  ['durationMs', read.number, 'flowDurationMilliseconds'],
] // prettier-ignore

const byName = new Map<string, GoldenField>()
for (const [rank, [field, reader, ...names]] of lines.entries())
  names.forEach((name, i) =>
    byName.set(name.toLowerCase(), { field, read: reader, rank: rank * 100 + i }),
  )

/** The field of an element, or undefined if the archive does not keep it. */
export const fieldOf = (name: string): GoldenField | undefined => byName.get(name.toLowerCase())

/** Zero and none: another element may have a better value. */
export const isNothing = (value: unknown): boolean => value === 0 || value === ''

/** Fields that each header of a packet within a packet repeats. */
const headerFields: ReadonlySet<ComparedField> = new Set([
  'sourceAddress', 'destinationAddress', 'sourceTransportPort', 'destinationTransportPort',
  'protocolIdentifier', 'ipClassOfService', 'tcpControlBits', 'icmpTypeCode',
]) // prettier-ignore

/** Collects a record's values, element by element in any order. */
export class FieldsBuilder {
  readonly #ranked = new Map<ComparedField, { rank: number; value: number | string }[]>()

  /** Adds an element's value by IANA's name; unknown names and empty values are left out. */
  add(name: string, given: unknown): this {
    const golden = fieldOf(name)
    const value = golden ? golden.read(given) : null
    if (golden && value !== null) this.set(golden.field, value, golden.rank)
    return this
  }

  /** Adds a value already read. */
  set(field: ComparedField, value: number | string, rank = 0): this {
    const held = this.#ranked.get(field) ?? []
    held.push({ rank, value })
    this.#ranked.set(field, held)
    return this
  }

  /**
   * For a record of packets within packets (it gives the protocol more than once), prefers the
   * innermost header, which comes last.
   */
  preferInnermost(): this {
    if ((this.#ranked.get('protocolIdentifier')?.length ?? 0) < 2) return this
    for (const field of headerFields)
      this.#ranked.get(field)?.forEach((one, i) => {
        one.rank = -i
      })
    return this
  }

  finish(): FieldMap {
    const byField: FieldMap = new Map()
    for (const [field, values] of this.#ranked)
      byField.set(
        field,
        values.toSorted((a, b) => a.rank - b.rank).map(({ value }) => value),
      )
    return byField
  }
}
