/**
 * THE table of information elements: id → IANA name, how to read it, what it sets. NetFlow v9
 * shares ids 1 to 127 (RFC 5102) and in practice all others. Unlisted elements are skipped by
 * length. If several elements set the same column, the earlier row is preferred.
 *
 * Names and ids: IANA "IP Flow Information Export (IPFIX) Entities"; NetFlow v9 names that IANA
 * lists as reserved are those of Cisco's "NetFlow Version 9 Flow-Record Format".
 */
import type { Element, ElementAction } from './element.ts'

type Kind = ElementAction['kind']
type Row = readonly [id: number, name: string, kind: Kind, sets?: string]

/** Enterprises with rules of their own; Procera counts by local and remote end. */
export const ciscoEnterprise = 9
export const proceraEnterprise = 15_397

const rows: readonly Row[] = [
  [1, 'octetDeltaCount', 'counter', 'octetDeltaCount'],
  [85, 'octetTotalCount', 'counter', 'octetDeltaCount'],
  [231, 'initiatorOctets', 'counter', 'octetDeltaCount'],
  [352, 'layer2OctetDeltaCount', 'counter', 'octetDeltaCount'],
  [353, 'layer2OctetTotalCount', 'counter', 'octetDeltaCount'],
  [23, 'postOctetDeltaCount', 'counter', 'octetDeltaCount'],
  [171, 'postOctetTotalCount', 'counter', 'octetDeltaCount'],
  [20, 'postMCastOctetDeltaCount', 'counter', 'octetDeltaCount'],
  [224, 'ipTotalLength', 'counter', 'octetDeltaCount'],
  [2, 'packetDeltaCount', 'counter', 'packetDeltaCount'],
  [86, 'packetTotalCount', 'counter', 'packetDeltaCount'],
  [298, 'initiatorPackets', 'counter', 'packetDeltaCount'],
  [24, 'postPacketDeltaCount', 'counter', 'packetDeltaCount'],
  [172, 'postPacketTotalCount', 'counter', 'packetDeltaCount'],
  [19, 'postMCastPacketDeltaCount', 'counter', 'packetDeltaCount'],
  [430, 'layer2FrameDeltaCount', 'counter', 'packetDeltaCount'],
  [431, 'layer2FrameTotalCount', 'counter', 'packetDeltaCount'],

  [8, 'sourceIPv4Address', 'address', 'sourceAddress'],
  [27, 'sourceIPv6Address', 'address', 'sourceAddress'],
  [44, 'sourceIPv4Prefix', 'address', 'sourceAddress'],
  [170, 'sourceIPv6Prefix', 'address', 'sourceAddress'],
  [12, 'destinationIPv4Address', 'address', 'destinationAddress'],
  [28, 'destinationIPv6Address', 'address', 'destinationAddress'],
  [45, 'destinationIPv4Prefix', 'address', 'destinationAddress'],
  [169, 'destinationIPv6Prefix', 'address', 'destinationAddress'],
  [15, 'ipNextHopIPv4Address', 'address', 'nextHopAddress'],
  [62, 'ipNextHopIPv6Address', 'address', 'nextHopAddress'],
  [18, 'bgpNextHopIPv4Address', 'address', 'nextHopAddress'],
  [63, 'bgpNextHopIPv6Address', 'address', 'nextHopAddress'],
  [225, 'postNATSourceIPv4Address', 'address', 'postNATSourceAddress'],
  [281, 'postNATSourceIPv6Address', 'address', 'postNATSourceAddress'],
  [226, 'postNATDestinationIPv4Address', 'address', 'postNATDestinationAddress'],
  [282, 'postNATDestinationIPv6Address', 'address', 'postNATDestinationAddress'],
  // Cisco ASA before 8.4 used its own ids for translated addresses (NSEL Implementation Note).
  [40001, 'NF_F_XLATE_SRC_ADDR_IPV4', 'address', 'postNATSourceAddress'],
  [40002, 'NF_F_XLATE_DST_ADDR_IPV4', 'address', 'postNATDestinationAddress'],

  [7, 'sourceTransportPort', 'unsigned', 'sourceTransportPort'],
  [180, 'udpSourcePort', 'unsigned', 'sourceTransportPort'],
  [182, 'tcpSourcePort', 'unsigned', 'sourceTransportPort'],
  [11, 'destinationTransportPort', 'unsigned', 'destinationTransportPort'],
  [181, 'udpDestinationPort', 'unsigned', 'destinationTransportPort'],
  [183, 'tcpDestinationPort', 'unsigned', 'destinationTransportPort'],
  [227, 'postNAPTSourceTransportPort', 'unsigned', 'postNAPTSourceTransportPort'],
  [40003, 'NF_F_XLATE_SRC_PORT', 'unsigned', 'postNAPTSourceTransportPort'],
  [228, 'postNAPTDestinationTransportPort', 'unsigned', 'postNAPTDestinationTransportPort'],
  [40004, 'NF_F_XLATE_DST_PORT', 'unsigned', 'postNAPTDestinationTransportPort'],
  [4, 'protocolIdentifier', 'unsigned', 'protocolIdentifier'],
  [193, 'nextHeaderIPv6', 'unsigned', 'protocolIdentifier'],
  [6, 'tcpControlBits', 'flags', 'tcpControlBits'],
  [5, 'ipClassOfService', 'unsigned', 'ipClassOfService'],
  [195, 'ipDiffServCodePoint', 'dscp', 'ipClassOfService'],
  [55, 'postIpClassOfService', 'unsigned', 'ipClassOfService'],
  [32, 'icmpTypeCodeIPv4', 'unsigned', 'icmpTypeCode'],
  [139, 'icmpTypeCodeIPv6', 'unsigned', 'icmpTypeCode'],
  [176, 'icmpTypeIPv4', 'type', 'icmpTypeCode'],
  [178, 'icmpTypeIPv6', 'type', 'icmpTypeCode'],
  [177, 'icmpCodeIPv4', 'code', 'icmpTypeCode'],
  [179, 'icmpCodeIPv6', 'code', 'icmpTypeCode'],

  [10, 'ingressInterface', 'unsigned', 'ingressInterface'],
  [252, 'ingressPhysicalInterface', 'unsigned', 'ingressInterface'],
  [14, 'egressInterface', 'unsigned', 'egressInterface'],
  [253, 'egressPhysicalInterface', 'unsigned', 'egressInterface'],
  [61, 'flowDirection', 'unsigned', 'flowDirection'],
  [136, 'flowEndReason', 'unsigned', 'flowEndReason'],
  [16, 'bgpSourceAsNumber', 'unsigned', 'bgpSourceAsNumber'],
  [17, 'bgpDestinationAsNumber', 'unsigned', 'bgpDestinationAsNumber'],
  [9, 'sourceIPv4PrefixLength', 'unsigned', 'sourcePrefixLength'],
  [29, 'sourceIPv6PrefixLength', 'unsigned', 'sourcePrefixLength'],
  [13, 'destinationIPv4PrefixLength', 'unsigned', 'destinationPrefixLength'],
  [30, 'destinationIPv6PrefixLength', 'unsigned', 'destinationPrefixLength'],
  [58, 'vlanId', 'unsigned', 'vlanId'],
  [243, 'dot1qVlanId', 'unsigned', 'vlanId'],
  [245, 'dot1qCustomerVlanId', 'unsigned', 'vlanId'],
  [59, 'postVlanId', 'unsigned', 'postVlanId'],
  [254, 'postDot1qVlanId', 'unsigned', 'postVlanId'],
  [56, 'sourceMacAddress', 'unsigned', 'sourceMacAddress'],
  [81, 'postSourceMacAddress', 'unsigned', 'sourceMacAddress'],
  [80, 'destinationMacAddress', 'unsigned', 'destinationMacAddress'],
  [57, 'postDestinationMacAddress', 'unsigned', 'destinationMacAddress'],
  [70, 'mplsTopLabelStackSection', 'label', 'mplsTopLabel'],
  [234, 'ingressVRFID', 'unsigned', 'ingressVRFID'],
  [235, 'egressVRFID', 'unsigned', 'egressVRFID'],
  [95, 'applicationId', 'application', 'applicationId'],
  // Cisco wireless controllers send the client's address separately; flowDirection says which end
  // it is.
  [366, 'staIPv4Address', 'station'],

  [152, 'flowStartMilliseconds', 'milliseconds', 'flowStartMilliseconds'],
  [153, 'flowEndMilliseconds', 'milliseconds', 'flowEndMilliseconds'],
  [154, 'flowStartMicroseconds', 'microseconds', 'flowStartMilliseconds'],
  [155, 'flowEndMicroseconds', 'microseconds', 'flowEndMilliseconds'],
  [156, 'flowStartNanoseconds', 'nanoseconds', 'flowStartMilliseconds'],
  [157, 'flowEndNanoseconds', 'nanoseconds', 'flowEndMilliseconds'],
  [22, 'flowStartSysUpTime', 'uptime', 'flowStartMilliseconds'],
  [21, 'flowEndSysUpTime', 'uptime', 'flowEndMilliseconds'],
  [158, 'flowStartDeltaMicroseconds', 'delta', 'flowStartMilliseconds'],
  [159, 'flowEndDeltaMicroseconds', 'delta', 'flowEndMilliseconds'],
  [150, 'flowStartSeconds', 'seconds', 'flowStartMilliseconds'],
  [151, 'flowEndSeconds', 'seconds', 'flowEndMilliseconds'],
  [323, 'observationTimeMilliseconds', 'milliseconds', 'flowEndMilliseconds'],
  [324, 'observationTimeMicroseconds', 'microseconds', 'flowEndMilliseconds'],
  [325, 'observationTimeNanoseconds', 'nanoseconds', 'flowEndMilliseconds'],
  [322, 'observationTimeSeconds', 'seconds', 'flowEndMilliseconds'],
  // Cisco's performance monitors (AVC) sum up an interval, and may say nothing else of time.
  [359, 'monitoringIntervalStartMilliSeconds', 'milliseconds', 'flowStartMilliseconds'],
  [360, 'monitoringIntervalEndMilliSeconds', 'milliseconds', 'flowEndMilliseconds'],
  [161, 'flowDurationMilliseconds', 'scratch', 'flowDurationMs'],
  [162, 'flowDurationMicroseconds', 'scratchMicroseconds', 'flowDurationMs'],
  [160, 'systemInitTimeMilliseconds', 'scratch', 'systemInitTimeMs'],

  [34, 'samplingInterval', 'unsigned', 'samplingInterval'],
  [50, 'samplerRandomInterval', 'unsigned', 'samplingInterval'],
  [48, 'samplerId', 'scratch', 'selectorId'],
  [302, 'selectorId', 'scratch', 'selectorId'],
  [301, 'selectionSequenceId', 'scratch', 'selectionSequenceId'],
  [305, 'samplingPacketInterval', 'scratch', 'samplingPacketInterval'],
  [306, 'samplingPacketSpace', 'scratch', 'samplingPacketSpace'],
  // Entire flows are selected or skipped (RFC 7014): the same scaling applies as for packets.
  [396, 'samplingFlowInterval', 'scratch', 'samplingPacketInterval'],
  [397, 'samplingFlowSpacing', 'scratch', 'samplingPacketSpace'],
  [309, 'samplingSize', 'scratch', 'samplingSize'],
  [310, 'samplingPopulation', 'scratch', 'samplingPopulation'],
  [311, 'samplingProbability', 'scratchFloat', 'samplingProbability'],
  [291, 'basicList', 'list', 'basic'],
  [292, 'subTemplateList', 'list', 'subTemplate'],
  [293, 'subTemplateMultiList', 'list', 'subTemplateMulti'],

  [315, 'dataLinkFrameSection', 'section', 'ethernet'],
  [313, 'ipHeaderPacketSection', 'section', 'ip'],
  // Cisco's NetFlow-Lite, before the registry had 315.
  [104, 'layer2packetSectionData', 'section', 'ethernet'],
  // The frame including its link layer: only used if no packet length was found.
  [312, 'dataLinkFrameSize', 'unsigned', 'octetDeltaCount'],

  [35, 'samplingAlgorithm', 'option'],
  [49, 'samplerMode', 'option'],
  [84, 'samplerName', 'option'],
  [335, 'selectorName', 'option'],
  [304, 'selectorAlgorithm', 'option'],
  [141, 'lineCardId', 'option'],
  [149, 'observationDomainId', 'option'],
  [307, 'samplingTimeInterval', 'option'],
  [308, 'samplingTimeSpace', 'option'],
  [82, 'interfaceName', 'option'],
  [83, 'interfaceDescription', 'option'],
  [94, 'applicationDescription', 'option'],
  [96, 'applicationName', 'option'],
  [236, 'VRFname', 'option'],
  [40, 'exportedOctetTotalCount', 'option'],
  [41, 'exportedMessageTotalCount', 'option'],
  [42, 'exportedFlowRecordTotalCount', 'option'],
  [164, 'ignoredPacketTotalCount', 'option'],
  [165, 'ignoredOctetTotalCount', 'option'],
  [166, 'notSentFlowTotalCount', 'option'],
  [167, 'notSentPacketTotalCount', 'option'],
  [168, 'notSentOctetTotalCount', 'option'],
]

/**
 * Enterprise counters that are better than IANA's in the same record. Cisco AVC counts octets of
 * client and server with headers here, and without them in initiatorOctets. Procera counts by local
 * and remote end: see steps/local-end.ts.
 */
const betterRows: Readonly<Record<number, readonly Row[]>> = {
  9: [[8338, 'ciscoClientBytesNetwork', 'counter', 'octetDeltaCount']],
  [proceraEnterprise]: [
    [4, 'proceraOutgoingOctets', 'counter', 'octetDeltaCount'],
    [6, 'proceraOutgoingPackets', 'counter', 'packetDeltaCount'],
    [15, 'proceraFlowBehavior', 'localEnd'],
  ],
}

/** Enterprise elements without an equivalent from IANA. */
const enterpriseRows: Readonly<Record<number, readonly Row[]>> = {
  // Cisco AVC: client and server.
  9: [
    [12236, 'ciscoClientIPv4Address', 'address', 'sourceAddress'],
    [12237, 'ciscoServerIPv4Address', 'address', 'destinationAddress'],
    [12238, 'ciscoClientIPv6Address', 'address', 'sourceAddress'],
    [12239, 'ciscoServerIPv6Address', 'address', 'destinationAddress'],
    [12240, 'ciscoClientTransportPort', 'unsigned', 'sourceTransportPort'],
    [12241, 'ciscoServerTransportPort', 'unsigned', 'destinationTransportPort'],
  ],
  // VMware: the inner packet of a VXLAN packet, whose outer header is that of two hypervisors.
  6876: [
    [880, 'tenantProtocol', 'unsigned', 'protocolIdentifier'],
    [881, 'tenantSourceIPv4', 'address', 'sourceAddress'],
    [882, 'tenantDestIPv4', 'address', 'destinationAddress'],
    [883, 'tenantSourceIPv6', 'address', 'sourceAddress'],
    [884, 'tenantDestIPv6', 'address', 'destinationAddress'],
    [886, 'tenantSourcePort', 'unsigned', 'sourceTransportPort'],
    [887, 'tenantDestPort', 'unsigned', 'destinationTransportPort'],
  ],
  // Viptela (Cisco SD-WAN): the VPN, which separates networks at a site.
  41916: [[4321, 'viptelaVpnId', 'unsigned', 'ingressVRFID']],
  // CERT: YAF reports the flags of the first packet separately from the others, and when the first reply came.
  6871: [
    [14, 'initialTCPFlags', 'flags', 'tcpControlBits'],
    [15, 'unionTCPFlags', 'flags', 'tcpControlBits'],
    [21, 'reverseFlowDeltaMilliseconds', 'scratch', 'replyAfterMs'],
  ],
}

/** Elements for the responder's direction with their own id, and the elements they mirror. */
const responderRows: readonly Mirror[] = [
  [0, 232, 'responderOctets', 231],
  [0, 299, 'responderPackets', 298],
  [9, 8337, 'ciscoServerBytesNetwork', 8338],
  [proceraEnterprise, 3, 'proceraIncomingOctets', 4],
  [proceraEnterprise, 5, 'proceraIncomingPackets', 6],
]

type Mirror = readonly [enterprise: number, id: number, name: string, mirrors: number]

/** Two elements that nProbe uses for the other direction instead of post-middlebox values. */
const probeRows: readonly Mirror[] = [
  [0, 23, 'OUT_BYTES', 1],
  [0, 24, 'OUT_PKTS', 2],
]

/** ntop, and the range of its elements in NetFlow v9, which has no enterprises. */
const probeEnterprise = 35_632
const probeIds = { first: 57_472, last: 59_519 }

/** The enterprise number of elements for the other direction of a biflow (RFC 5103). */
const reverseEnterprise = 29305

/** CERT's reverse elements set this bit of the id. */
const certEnterprise = 6871
const certReverseBit = 0x4000

const reverseKinds: ReadonlySet<Kind> = new Set<Kind>([
  'counter', 'flags', 'unsigned', 'dscp', 'type', 'code', 'seconds', 'milliseconds', 'microseconds',
  'nanoseconds', 'uptime', 'delta',
]) // prettier-ignore

const key = (enterprise: number, id: number) => enterprise * 65_536 + id
const forward = new Map<number, Element>()
const reverse = new Map<number, Element>()

function actionOf([, , kind, sets]: Row): ElementAction {
  if (kind === 'option' || kind === 'station' || kind === 'localEnd') return { kind }
  if (kind === 'section') return { kind, link: sets } as ElementAction
  if (kind === 'list') return { kind, list: sets } as ElementAction
  if (kind.startsWith('scratch')) return { kind, scratch: sets } as ElementAction
  return { kind, column: sets } as ElementAction
}

function addRow(enterprise: number, row: Row): void {
  const element = {
    id: row[0],
    enterprise,
    name: row[1],
    action: actionOf(row),
    rank: forward.size,
  }
  forward.set(key(enterprise, row[0]), element)
  if (!reverseKinds.has(row[2])) return
  if (enterprise === 0) reverse.set(key(reverseEnterprise, row[0]), element)
  if (enterprise === certEnterprise) reverse.set(key(enterprise, row[0] + certReverseBit), element)
}

function addRows(lists: Readonly<Record<number, readonly Row[]>>): void {
  for (const [enterprise, list] of Object.entries(lists))
    for (const row of list) addRow(Number(enterprise), row)
}

function mirrored([enterprise, id, , mirrors]: Mirror): [number, Element] {
  return [key(enterprise, id), forward.get(key(enterprise, mirrors))!]
}

addRows(betterRows)
addRows({ 0: rows })
addRows(enterpriseRows)
for (const mirror of responderRows) reverse.set(...mirrored(mirror))
const probeReverse = new Map(probeRows.map(mirrored))

/** The element with this number, or null if it is not read. */
export function elementOf(enterprise: number, id: number): Element | null {
  return forward.get(key(enterprise, id)) ?? null
}

/** The element whose reverse direction has this number, or null. */
export function reversedElementOf(enterprise: number, id: number): Element | null {
  return reverse.get(key(enterprise, id)) ?? null
}

/** The same, for numbers that only nProbe uses so. */
export function probeReversedElementOf(enterprise: number, id: number): Element | null {
  return probeReverse.get(key(enterprise, id)) ?? null
}

/** Whether only nProbe uses this number. */
export function isProbeElement(enterprise: number, id: number): boolean {
  return enterprise === 0
    ? id >= probeIds.first && id <= probeIds.last
    : enterprise === probeEnterprise
}
