/**
 * Flows as in a real network: a few hosts have most of the traffic (Zipf's law), most flows go
 * outside, and a few services account for most. The same number of hosts, flows and seed give the
 * same flows.
 */
import { seeded } from '../random.ts'

/** Flows as columns; addresses as 32-bit numbers, times as ms before the export. */
export interface MadeFlows {
  count: number
  source: Uint32Array
  destination: Uint32Array
  sourcePort: Uint16Array
  destinationPort: Uint16Array
  protocol: Uint8Array
  flags: Uint8Array
  octets: Uint32Array
  packets: Uint32Array
  ingress: Uint8Array
  egress: Uint8Array
  endAgoMs: Uint32Array
  durationMs: Uint32Array
}

/** One host in this many is local; all others are outside. */
const localOneOf = 5
const services = [
  443, 53, 80, 123, 22, 993, 25, 3389, 445, 8080, 587, 5060, 1194, 3306, 5432, 6379, 161, 636, 1883,
  143,
]
/** Shares of the flows: TCP, and TCP or UDP; the rest is ICMP. */
const [tcpShare, portsShare] = [0.72, 0.97]
const [tcp, udp, icmp] = [6, 17, 1]
const interfaces = 24
const uplink = 101
/** The exponent of the distribution of packets per flow (Pareto), and its maximum. */
const [packetsExponent, packetsMax] = [1.1, 1_000_000]
const endAgoMax = 15_000
const [durationMean, durationMax] = [8000, 300_000]

/** Generates flows between `hosts` hosts; every host takes part if there are enough flows. */
export function makeFlows(count: number, hosts: number, seed: number): MadeFlows {
  const random = seeded(seed)
  const locals = Math.max(1, Math.floor(hosts / localOneOf))
  const remotes = Math.max(1, hosts - locals)
  const flows = emptyFlows(count)
  for (let i = 0; i < count; i++) {
    // The first flows use each host once, so that as many as asked for are active.
    const local = 0x0a000001 + (i < locals ? i : zipf(locals, random()))
    const remote = remoteAddress(i < remotes ? i : zipf(remotes, random()))
    makeFlow(flows, i, { local, remote }, random)
  }
  return flows
}

function makeFlow(
  flows: MadeFlows,
  i: number,
  { local, remote }: { local: number; remote: number },
  random: () => number,
): void {
  const isOut = random() < 0.5
  const kind = random()
  const protocol = kind < tcpShare ? tcp : kind < portsShare ? udp : icmp
  const service = services[zipf(services.length, random())]!
  const client = 32_768 + Math.floor(random() * 28_000)
  const packets = Math.min(packetsMax, Math.floor((1 - random()) ** (-1 / packetsExponent)))
  const duration = packets === 1 ? 0 : Math.floor(-Math.log(1 - random()) * durationMean)
  flows.source[i] = isOut ? local : remote
  flows.destination[i] = isOut ? remote : local
  flows.protocol[i] = protocol
  if (protocol !== icmp) {
    flows.sourcePort[i] = isOut ? client : service
    flows.destinationPort[i] = isOut ? service : client
  }
  flows.flags[i] = protocol === tcp ? (packets > 3 ? 0x1b : 0x02) : 0
  flows.packets[i] = packets
  flows.octets[i] = Math.min(4e9, packets * (40 + Math.floor(random() * 1420)))
  const inside = 1 + (local % interfaces)
  flows.ingress[i] = isOut ? inside : uplink
  flows.egress[i] = isOut ? uplink : inside
  flows.endAgoMs[i] = Math.floor(random() * endAgoMax)
  flows.durationMs[i] = Math.min(durationMax, duration)
}

/** A rank from 0 to count − 1, by Zipf's law with an exponent of about 1. */
function zipf(count: number, fraction: number): number {
  return Math.min(count - 1, Math.floor((count + 1) ** fraction) - 1)
}

/** Outside hosts are spread over 64.0.0.0/2, each rank at its own address. */
function remoteAddress(rank: number): number {
  return 0x40000000 + (Math.imul(rank, 0x9e3779b1) & 0x3fffffff)
}

function emptyFlows(count: number): MadeFlows {
  return {
    count,
    source: new Uint32Array(count),
    destination: new Uint32Array(count),
    sourcePort: new Uint16Array(count),
    destinationPort: new Uint16Array(count),
    protocol: new Uint8Array(count),
    flags: new Uint8Array(count),
    octets: new Uint32Array(count),
    packets: new Uint32Array(count),
    ingress: new Uint8Array(count),
    egress: new Uint8Array(count),
    endAgoMs: new Uint32Array(count),
    durationMs: new Uint32Array(count),
  }
}
