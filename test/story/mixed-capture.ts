/**
 * A v9 capture of everything that the story lacks: IPv6, ICMP, all kinds of flags, autonomous
 * systems, VLANs, MAC addresses, types of service, prefixes, next hops, interfaces, NAT and MPLS.
 */
import { encodeV9, field, type EncodedTemplate } from '../encode/sets.ts'
import { testExportMs, testUptimeMs } from '../encode/fixed.ts'
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
const nextHops = { 4: ['192.0.2.254', '192.0.2.253'], 6: ['2001:db8::ff', '2001:db8::fe'] } as const
const protocols = { 4: [1, 6, 6, 6, 17, 17, 47, 50], 6: [6, 6, 17, 58] } as const
/** Type × 256 + code. */
const icmpTypes = { 4: [0, 2048, 769], 6: [128 * 256, 129 * 256, 769] } as const
const durationsMs = [0, 1, 10, 999, 1000, 60_000, 300_000]

/** The datagrams of the capture; always the same. */
export function mixedCapture(): SentDatagram[] {
  const random = seeded(20_261_116)
  const one = <V>(values: readonly V[]) => values[Math.floor(random() * values.length)]!
  const record = (version: 4 | 6): Value[] => {
    const first = testUptimeMs - 600_000 + Math.floor(random() * 200_000)
    const protocol = one(protocols[version])
    const ends = [one(addresses[version]), one(addresses[version]), one(nextHops[version])]
    const rest = fields.map(([id, , values]) => {
      const isIcmp = protocol === 1 || protocol === 58
      if (id === 32) return isIcmp ? one(protocol === 1 ? icmpTypes[4] : icmpTypes[6]) : 0
      if ((id === 7 || id === 11) && protocol !== 6 && protocol !== 17) return 0
      // nfcapd stores flags for TCP only.
      return id === 6 && protocol !== 6 ? 0 : one(values)
    })
    return [...ends, protocol, first, first + one(durationsMs), ...rest]
  }
  return Array.from({ length: datagrams }, (_, i) => {
    const version = i % 3 === 2 ? 6 : 4
    const template = version === 4 ? ipv4 : ipv6
    const records = Array.from({ length: recordsEach }, () => record(version))
    return {
      receivedMs: testExportMs,
      payload: encodeV9({
        sequence: i,
        sets: [{ templates: [template] }, { data: template, records }],
      }),
    }
  })
}
