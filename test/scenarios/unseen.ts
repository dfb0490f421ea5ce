/**
 * Random mornings: who it was, with whom, how, for how long, through which exporter. The expected
 * result of each follows from the packets themselves, not from any of our rules.
 */
import { openedBeforeMs } from '../../flow/incident/incident.ts'
import { seeded } from '../random.ts'
import type { MeterOptions } from './meter.ts'
import { browse, Line, type Cut, type Packet } from './packets.ts'

const minute = 60_000

interface ToldActor {
  connections: number
  bytes: number
  mainPeer: string
  mainConnections: number
  /** Another peer had as many connections and nearly as many bytes. */
  isTied: boolean
}

export interface ToldIncident {
  kind: 'congestion' | 'silence' | 'exporter' | 'surge'
  from: number
  to: number
  direction?: 'in' | 'out'
  actors: Record<string, ToldActor>
}

export interface UnseenMorning {
  name: string
  packets: Packet[]
  meter: MeterOptions
  drops: { from: number; to: number }[]
  told: ToldIncident[]
}

export type Random = () => number
export const pick = <T>(random: Random, values: readonly T[]): T =>
  values[Math.floor(random() * values.length)]!
export const between = (random: Random, least: number, most: number) =>
  Math.round(least + random() * (most - least))

const networks = ['10.0.0', '10.77.3', '192.168.1', '172.16.20', 'fd12:3:4::'] as const
const happenings = [
  'download', 'download', 'download', 'upload', 'upload', 'silence', 'short', 'long', 'two',
  'harmless', 'nothing', 'backup', 'exporter away', 'busy before', 'both ways',
] as const // prettier-ignore

export const meters: MeterOptions[] = [
  { version: 'v9', activeMs: 60_000, inactiveMs: 15_000 },
  { version: 'v9', activeMs: 60_000, inactiveMs: 15_000, everyMs: 60_000 },
  { version: 'v5', activeMs: 60_000, inactiveMs: 15_000 },
  { version: 'v5', inactiveMs: 30_000 },
  { version: 'ipfix', activeMs: 120_000, inactiveMs: 30_000 },
  { version: 'ipfix', activeMs: 300_000, inactiveMs: 15_000 },
  { version: 'ipfix', inactiveMs: 60_000 },
  { version: 'v9', activeMs: 1_800_000, inactiveMs: 15_000 },
]

/** A morning; the same for the same seed. */
export function unseenMorning(seed: number): UnseenMorning {
  const random = seeded(seed)
  const happening = happenings[seed % happenings.length]!
  const meter = meters[Math.floor(seed / happenings.length) % meters.length]!
  const network = pick(random, meter.version === 'v5' ? networks.slice(0, 4) : networks)
  const address = (n: number) =>
    network.endsWith(':') ? `${network}${n.toString(16)}` : `${network}.${n}`
  const site = (n: number) =>
    network.endsWith(':') ? `2001:db8:9::${n.toString(16)}` : `198.51.100.${n}`
  const far = (n: number) =>
    network.endsWith(':') ? `2001:db8:77::${n.toString(16)}` : `203.0.113.${n}`
  const start = Date.UTC(2026, 10, between(random, 2, 27), between(random, 7, 15), between(random, 0, 59), between(random, 0, 59)) // prettier-ignore
  const seconds =
    { short: between(random, 20, 40), long: between(random, 1200, 2400) }[happening as string] ??
    between(random, 60, 600)
  const cutAt = start + between(random, 16, 30) * minute + between(random, 0, 59_999)
  const cut = { from: cutAt, to: cutAt + seconds * 1000 }
  const second = { from: cut.to + between(random, 4, 9) * minute, to: 0 }
  second.to = second.from + between(random, 60, 200) * 1000
  const end =
    Math.max(cut.to, happening === 'two' ? second.to : 0) + between(random, 11, 20) * minute
  const hosts = Array.from({ length: between(random, 12, 60) }, (_, i) => address(10 + i))
  const sites = Array.from({ length: 120 }, (_, i) => site(1 + i))
  const culprit = pick(random, hosts)
  const other = pick(
    random,
    hosts.filter((each) => each !== culprit),
  )
  const cuts: Cut[] = []
  const drops: UnseenMorning['drops'] = []
  const keeps = pick(random, [0, 0.01, 0.05])
  if (
    ['download', 'upload', 'short', 'long', 'two', 'busy before', 'both ways'].includes(happening)
  )
    cuts.push({ ...cut, except: [culprit], keeps })
  if (happening === 'two') cuts.push({ ...second, except: [other], keeps })
  if (happening === 'silence') cuts.push({ ...cut, except: [], keeps: 0 })
  if (happening === 'exporter away') drops.push({ from: cut.from, to: cut.to })
  const line = new Line(cuts, random)
  const isNight = happening === 'backup'
  const perHour = isNight ? 3 : between(random, 150, 450)
  browse(
    line,
    {
      from: start,
      to: end,
      hosts: isNight ? hosts.slice(0, 6) : hosts,
      sites,
      perHour: () => perHour,
    },
    random,
  )
  const usual = mostOf(line.packets, cut)
  const up =
    happening === 'upload' ||
    (['short', 'long', 'two', 'backup'].includes(happening) && random() < 0.4)
  const rate = usual * (1.3 + random() * 3)
  const take = (who: string, when: { from: number; to: number }, direction: 'down' | 'up') =>
    taking(line, random, { who, when, direction, rate, far })
  if (!['silence', 'nothing', 'exporter away'].includes(happening))
    take(culprit, cut, up ? 'up' : 'down')
  if (happening === 'both ways')
    taking(line, random, { who: culprit, when: cut, direction: 'up', rate: rate / 4, far })
  if (happening === 'two') take(other, second, random() < 0.5 ? 'up' : 'down')
  if (happening === 'busy before')
    taking(line, random, {
      who: culprit,
      when: { from: start + 60_000, to: end - 120_000 },
      direction: 'down',
      rate: usual / 10,
      far: (n) => far(100 + n),
      connections: 3,
    })
  const packets = line.packets.sort((a, b) => a.time - b.time)
  const told: ToldIncident[] = []
  for (const { from, to, except } of cuts) told.push(toldOf(packets, { from, to, who: except }))
  if (happening === 'exporter away') told.push({ kind: 'exporter', ...cut, actors: {} })
  const { version, activeMs, inactiveMs } = meter
  const name = `${seed}: ${happening} ${seconds} s, ${hosts.length} hosts in ${network}, ${version} ${activeMs ?? 'at the end'}/${inactiveMs}${meter.everyMs ? ' by minute' : ''}, keeps ${keeps}`
  return { name, packets, meter, drops, told }
}

/** The 90th percentile of bytes per second outside a time. */
export function mostOf(packets: readonly Packet[], cut: { from: number; to: number }): number {
  const bySecond = new Map<number, number>()
  for (const { time, bytes } of packets)
    if (time < cut.from || time >= cut.to)
      bySecond.set(
        Math.floor(time / 30_000),
        (bySecond.get(Math.floor(time / 30_000)) ?? 0) + bytes / 30,
      )
  const sorted = [...bySecond.values()].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length * 0.95)] ?? 1
}

export function taking(
  line: Line,
  random: Random,
  given: {
    who: string
    when: { from: number; to: number }
    direction: 'down' | 'up'
    rate: number
    far: (n: number) => string
    connections?: number
  },
): void {
  const { who, when, direction, rate, far } = given
  const connections = given.connections ?? pick(random, [1, 2, 6, 25, 120, 312, 600])
  const main = between(random, 1, 90)
  const mainShare = 0.55 + random() * 0.45
  // Each connection sends about every other second.
  const most = Math.max(rate, connections * 40_000)
  const openMs = Math.min(8000, (when.to - when.from) / 8)
  for (let i = 0; i < connections; i++) {
    const startAt = when.from + (i * openMs) / connections
    line.transfer({
      start: startAt,
      // Not in step with each other; some last to the very end.
      seconds: ((when.to - startAt) / 1000 - 0.1) * (i % 3 === 0 ? 1 : 0.85 + 0.15 * random()),
      client: who,
      server: i < Math.ceil(connections * mainShare) ? far(main) : far(main + 1 + (i % 9)),
      clientPort: 20_000 + between(random, 0, 3) + i * 7 + (direction === 'up' ? 5 : 0),
      serverPort: 443,
      bytes: (most * ((when.to - when.from) / 1000)) / connections,
      direction,
    })
  }
}

export function toldOf(
  packets: readonly Packet[],
  { from, to, who }: { from: number; to: number; who: readonly string[] },
): ToldIncident {
  const [host] = who
  if (host === undefined) return { kind: 'silence', from, to, actors: {} }
  const actor = didOf(packets, host, { from, to })
  return { kind: 'congestion', from, to, direction: actor.direction, actors: { [host]: actor } }
}

/** What a host did in a time, by the packets. */
export function didOf(
  packets: readonly Packet[],
  host: string,
  { from, to }: { from: number; to: number },
): ToldActor & { direction: 'in' | 'out' } {
  const bytes = { in: new Map<string, number>(), out: new Map<string, number>() }
  const first = new Map<string, { time: number; peer: string; isMine: boolean; bytes: number }>()
  for (const packet of packets) {
    const isMine = packet.source === host
    if (!isMine && packet.destination !== host) continue
    const [mine, theirs] = isMine
      ? [packet.sourcePort, packet.destinationPort]
      : [packet.destinationPort, packet.sourcePort]
    const peer = isMine ? packet.destination : packet.source
    const key = `${peer} ${mine} ${theirs} ${packet.protocol}`
    if (!first.has(key)) first.set(key, { time: packet.time, peer, isMine, bytes: 0 })
    if (packet.time < from || packet.time >= to) continue
    first.get(key)!.bytes += packet.bytes
    const inOrOut = isMine ? bytes.out : bytes.in
    inOrOut.set(peer, (inOrOut.get(peer) ?? 0) + packet.bytes)
  }
  const [received, sent] = [bytes.in, bytes.out].map((byPeer) =>
    [...byPeer.values()].reduce((all, each) => all + each, 0),
  ) as [number, number]
  const direction = sent > received ? 'out' : 'in'
  const opened = new Map<string, number>()
  const accepted = new Map<string, number>()
  let asked = 0
  for (const { time, peer, isMine, bytes: carried } of first.values()) {
    if (time < from - openedBeforeMs || time >= to) continue
    const peers = isMine ? opened : accepted
    peers.set(peer, (peers.get(peer) ?? 0) + 1)
    if (!isMine) asked += carried
  }
  // A server's own few connections are not what others asked of it.
  const peers = asked > (sent + received) / 2 ? accepted : opened
  const had = (peer: string) => bytes[direction].get(peer) ?? 0
  const [busiest] = [...peers].sort((a, b) => b[1] - a[1] || had(b[0]) - had(a[0]))[0] ?? ['']
  const [greatest, most] = [...bytes[direction]].sort((a, b) => b[1] - a[1])[0] ?? ['', 0]
  // A host that only resolved names is not the main peer.
  const all = Math.max(sent, received)
  const isBusiest = had(busiest) >= 0.1 * all || most <= 0.25 * all
  const mainPeer = isBusiest ? busiest : greatest
  const mainConnections = peers.get(mainPeer) ?? 0
  // Exporters' whole seconds decide between peers that had nearly the same.
  const isTied = [...peers].some(
    ([peer, count]) =>
      peer !== mainPeer && count === mainConnections && had(peer) >= 0.98 * had(mainPeer),
  )
  return {
    direction,
    connections: [...opened.values()].reduce((all, each) => all + each, 0),
    bytes: all,
    mainPeer,
    mainConnections,
    isTied,
  }
}
