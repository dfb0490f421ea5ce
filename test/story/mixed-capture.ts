/**
 * A v9 capture of everything that the story lacks: IPv6, ICMP, all kinds of flags, autonomous
 * systems, VLANs, MAC addresses, types of service, prefixes, next hops, interfaces, NAT and MPLS.
 */
import { encodeIpfix, encodeV9, field, type EncodedTemplate } from '../encode/sets.ts'
import { encodeV5, testExportMs, testUptimeMs, type FixedRecord } from '../encode/fixed.ts'
import type { Value } from '../encode/value.ts'
import type { SentDatagram } from '../encode/pcap-write.ts'
import { seeded } from '../random.ts'

const datagrams = 200
const recordsEach = 8

/** Fields after the addresses: element, bytes, and the values from which each flow has one. */
const fields: readonly [id: number, length: number, values: readonly Value[]][] = [
  [10, 4, [0, 1, 2, 3, 70_000]], // ingressInterface
  [14, 4, [0, 1, 2, 4]],
  [2, 8, [1, 2, 10, 100, 5000, 2_000_000]], // packets
  [1, 8, [0, 40, 64, 1000, 1500, 999_999, 12_345_678, 5_000_000_000]], // bytes
  [7, 2, [0, 22, 53, 80, 443, 1023, 1024, 50_000, 65_535]],
  [11, 2, [0, 22, 53, 80, 443, 1023, 1024, 51_000, 65_535]],
  [6, 1, [0, 2, 16, 18, 27, 4, 20, 63]], // tcpControlBits
  [5, 1, [0, 16, 40, 184, 255]], // ToS
  [32, 2, [0]], // icmpTypeCode
  [16, 4, [0, 65_001, 65_002, 4_200_000_000]],
  [17, 4, [0, 65_001, 3320]],
  [9, 1, [0, 8, 16, 24]],
  [13, 1, [0, 24, 32]],
  [58, 2, [0, 100, 200]], // vlanId
  [59, 2, [0, 100, 300]],
  [61, 1, [0, 1]], // flowDirection
  [56, 6, [0x001122334455, 0x001122334466]], // source MAC
  [80, 6, [0x00aabbccdd01, 0x00aabbccdd02]],
]
const common = fields.map(([id, length]) => field(id, length))
const times = [field(22, 4), field(21, 4)]
const ipv4: EncodedTemplate = {
  id: 256,
  fields: [field(8, 4), field(12, 4), field(15, 4), field(4, 1), ...times, ...common],
}
const ipv6: EncodedTemplate = {
  id: 257,
  fields: [field(27, 16), field(28, 16), field(62, 16), field(4, 1), ...times, ...common],
}

const addresses = {
  4: ['10.0.0.22', '10.0.0.23', '10.1.2.3', '172.16.9.1', '192.0.2.80', '203.0.113.80'],
  6: ['2001:db8::1', '2001:db8::22', '2001:db8:1::1', 'fd00::22', 'fe80::1'],
} as const
const nextHops = {
  4: ['192.0.2.254', '192.0.2.253', '0.0.0.0'],
  6: ['2001:db8::ff', '2001:db8::fe'],
} as const
const protocols = { 4: [1, 6, 6, 6, 17, 17, 47, 50], 6: [6, 6, 17, 58] } as const
/** Type × 256 + code. */
const icmpTypes = { 4: [0, 2048, 769], 6: [128 * 256, 129 * 256, 769] } as const
const durationsMs = [0, 1, 10, 999, 1000, 60_000, 300_000]

type MadeRecord = (version: 4 | 6, exportTime: number) => Value[]

/** Makes records of the templates; their times are those of the given clock at export. */
function recordMaker(random: () => number): MadeRecord {
  const one = <V>(values: readonly V[]) => values[Math.floor(random() * values.length)]!
  return (version, exportTime) => {
    const first = exportTime - 600_000 + Math.floor(random() * 200_000)
    const protocol = one(protocols[version])
    const ends = [one(addresses[version]), one(addresses[version]), one(nextHops[version])]
    const icmp = protocol === 1 || protocol === 58 ? one(icmpTypes[version]) : 0
    const rest = fields.map(([id, , values]) => {
      if (id === 32) return icmp
      // Routers give the type and code of ICMP as its destination port too.
      if (id === 11 && icmp > 0) return icmp
      if ((id === 7 || id === 11) && protocol !== 6 && protocol !== 17) return 0
      // nfcapd stores flags for TCP only.
      return id === 6 && protocol !== 6 ? 0 : one(values)
    })
    return [...ends, protocol, first, first + one(durationsMs), ...rest]
  }
}

/** The datagrams of the capture; always the same. */
export function mixedCapture(): SentDatagram[] {
  const record = recordMaker(seeded(20_261_116))
  return Array.from({ length: datagrams }, (_, i) => {
    const version = i % 3 === 2 ? 6 : 4
    const template = version === 4 ? ipv4 : ipv6
    const records = Array.from({ length: recordsEach }, () => record(version, testUptimeMs))
    return {
      receivedMs: testExportMs,
      payload: encodeV9({
        sequence: i,
        sets: [{ templates: [template] }, { data: template, records }],
      }),
    }
  })
}

/** The templates in IPFIX, which gives times in unix milliseconds and has an ICMPv6 type of its own. */
const asIpfix = ({ id, fields }: EncodedTemplate): EncodedTemplate => ({
  id,
  fields: fields.map((each) => {
    if (each.id === 22) return field(152, 8)
    if (each.id === 21) return field(153, 8)
    return each.id === 32 && id === ipv6.id ? field(139, 2) : each
  }),
})
const ipfixIpv4 = asIpfix(ipv4)
const ipfixIpv6 = asIpfix(ipv6)

/** As many flows again at random, in v9, IPFIX and v5, of which the last is sampled. */
export function variedCapture(random: () => number): SentDatagram[] {
  const record = recordMaker(random)
  const records = (version: 4 | 6, time: number) =>
    Array.from({ length: recordsEach }, () => record(version, time))
  const one = <V>(values: readonly V[]) => values[Math.floor(random() * values.length)]!
  let sequence = 0
  const varied = Array.from({ length: datagrams }, (_, i): Uint8Array => {
    const version = one([4, 4, 6] as const)
    if (i % 3 === 0) {
      const data = version === 4 ? ipv4 : ipv6
      const sets = [{ templates: [data] }, { data, records: records(version, testUptimeMs) }]
      return encodeV9({ sequence: i / 3, sets })
    }
    if (i % 3 === 1) {
      const data = version === 4 ? ipfixIpv4 : ipfixIpv6
      const sets = [{ templates: [data] }, { data, records: records(version, testExportMs) }]
      return encodeIpfix({ sequence: ((i - 1) / 3) * recordsEach, sets })
    }
    const fixed = records(4, testUptimeMs).map((values) => asFixed(values))
    sequence += recordsEach
    return encodeV5({ sequence: sequence - recordsEach, sampling: (1 << 14) | 10 }, fixed)
  })
  return varied.map((payload) => ({ receivedMs: testExportMs, payload }))
}

/** A record of the IPv4 template in v5, whose numbers are of 16 and 32 bits. */
function asFixed(values: readonly Value[]): Partial<FixedRecord> {
  const [source, destination, nextHop, protocol, first, last] = values
  const number = (id: number, most = 65_535) =>
    Math.min(most, Number(values[ipv4.fields.findIndex((each) => each.id === id)]))
  return {
    source: String(source),
    destination: String(destination),
    nextHop: String(nextHop),
    protocol: Number(protocol),
    first: Number(first),
    last: Number(last),
    input: number(10),
    output: number(14),
    packets: number(2, 2 ** 32 - 1),
    octets: number(1, 2 ** 32 - 1),
    sourcePort: number(7),
    destinationPort: number(11),
    tcpFlags: number(6),
    tos: number(5),
    sourceAs: number(16),
    destinationAs: number(17),
  }
}
