/** Mornings, nights and Sundays, each with its expected incidents. */
import type { WindowKind } from '../../flow/incident/incident.ts'
import { seeded } from '../random.ts'
import type { MeterOptions } from './meter.ts'
import { browse, Line, type Cut, type Packet } from './packets.ts'

export interface Verdict {
  kind: Exclude<WindowKind, 'none'>
  /** unix ms */
  from: number
  to: number
  direction?: 'in' | 'out'
  /** Expected actors with the connections, bytes and main peer of each, if these must be exact. */
  actors: Record<
    string,
    { connections?: number; bytes?: number; mainPeer?: string; /** By others. */ isAsked?: boolean }
  >
}

export interface Scenario {
  name: string
  packets: () => Packet[]
  meter: MeterOptions
  /** Datagrams received in these times are dropped. */
  drops?: readonly { from: number; to: number }[]
  /** The delay of datagrams in transit, ms. */
  lateMs?: number
  expected: Verdict | null
  /** Tolerance of the times, seconds. */
  tolerance?: number
  /** It does not show whether the exporter was away. */
  mayBeSilence?: boolean
  /** The others kept at most this share. */
  othersKept?: number
}

/** A Tuesday, 2026-11-17 09:00 UTC. */
export const morning = Date.UTC(2026, 10, 17, 9)
const minute = 60_000
export const hosts = (count: number) => Array.from({ length: count }, (_, i) => `10.0.0.${10 + i}`)
const sites = Array.from({ length: 120 }, (_, i) => `198.51.100.${1 + i}`)
export const usual: MeterOptions = { activeMs: 60_000, inactiveMs: 15_000 }
const span = { from: morning, to: morning + 40 * minute }
const cutAt = morning + 20 * minute + 7000

export interface Morning {
  seed: number
  cuts?: readonly Cut[]
  /** Connections per hour and host. */
  perHour?: number
  hosts?: readonly string[]
  span?: { from: number; to: number }
  more?: (line: Line, random: () => number) => void
}

/** The packets of an office at work. */
export function office(given: Morning): () => Packet[] {
  return () => {
    const random = seeded(given.seed)
    const line = new Line(given.cuts ?? [], random)
    const { perHour = 300 } = given
    const who = given.hosts ?? hosts(25)
    browse(line, { ...(given.span ?? span), hosts: who, sites, perHour: () => perHour }, random)
    given.more?.(line, random)
    return line.packets.sort((a, b) => a.time - b.time)
  }
}

interface Taking {
  client: string
  from: number
  seconds: number
  connections: number
  bytes: number
  server?: (i: number) => string
  direction?: 'down' | 'up'
}

/** One host moves much traffic, over connections that it opens within some seconds. */
export function take(line: Line, given: Taking): void {
  const { client, from, seconds, connections, bytes, direction = 'down' } = given
  const server = given.server ?? (() => '203.0.113.80')
  const gap = Math.min(50, 8000 / connections)
  for (let i = 0; i < connections; i++)
    line.transfer({
      start: from + i * gap,
      seconds: seconds - (i * gap) / 1000,
      client,
      server: server(i),
      clientPort: 20_000 + i,
      serverPort: 443,
      bytes: Math.round(bytes / connections),
      direction,
    })
}

function congestion(
  name: string,
  given: Omit<Taking, 'from'> & {
    seed: number
    meter?: MeterOptions
    tolerance?: number
    keeps?: number
  },
): Scenario {
  const { client, seconds, connections, bytes, direction = 'down' } = given
  const to = cutAt + seconds * 1000
  const clockMs = given.meter?.clockMs ?? 0
  return {
    name,
    packets: office({
      seed: given.seed,
      cuts: [{ from: cutAt, to, except: [client], keeps: given.keeps ?? 0.01 }],
      more: (line) => take(line, { ...given, from: cutAt }),
    }),
    meter: given.meter ?? usual,
    ...(given.tolerance === undefined ? {} : { tolerance: given.tolerance }),
    expected: {
      kind: 'congestion',
      // Times are the exporter's: its clock is trusted up to five minutes.
      from: cutAt + clockMs,
      to: to + clockMs,
      direction: direction === 'down' ? 'in' : 'out',
      actors: { [client]: { connections, bytes } },
    },
  }
}

/** A router whose table is full for a time: connections begun then do not come about, except those of one host. */
function withoutNew(packets: readonly Packet[], when: Cut): Packet[] {
  const begun = new Map<string, number>()
  return packets.filter(({ time, source, destination, sourcePort, destinationPort, protocol }) => {
    const ends = [`${source} ${sourcePort}`, `${destination} ${destinationPort}`].sort()
    const key = `${ends.join(' ')} ${protocol}`
    if (!begun.has(key)) begun.set(key, time)
    const first = begun.get(key)!
    const isExcepted = when.except.includes(source) || when.except.includes(destination)
    return first < when.from || first >= when.to || isExcepted
  })
}

/** One host tries to open connections, evenly, and gets no answer. */
function tries(
  line: Line,
  given: { from: number; to: number; client: string; count: number },
): void {
  const { from, to, client, count } = given
  for (let i = 0; i < count; i++)
    line.packets.push({
      time: from + (i * (to - from)) / count,
      source: client,
      destination: `203.0.${i % 200}.${1 + (Math.floor(i / 200) % 250)}`,
      sourcePort: 1024 + (i % 60_000),
      destinationPort: 445,
      protocol: 6,
      bytes: 44,
      tcpFlags: 2,
    })
}

/** 120 Mb/s in one direction for three minutes from the cut. */
function streamed(line: Line, ends: Omit<Packet, 'time' | 'bytes' | 'tcpFlags'>): void {
  for (let t = cutAt; t < cutAt + 180_000; t += 4)
    line.packets.push({ ...ends, time: t, bytes: 60_000, tcpFlags: 0 })
}

/** Some hosts talk by UDP with one server each, from the beginning to the end. */
function calls(line: Line, count: number): void {
  for (let i = 0; i < count; i++)
    for (let t = span.from + i * 700; t < span.to; t += 1000)
      for (const isOut of [true, false]) {
        const [host, server] = [`10.0.0.${12 + i}`, `198.51.100.${200 + i}`]
        line.send({
          time: isOut ? t : t + 400,
          source: isOut ? host : server,
          destination: isOut ? server : host,
          sourcePort: isOut ? 50_001 : 3478,
          destinationPort: isOut ? 3478 : 50_001,
          protocol: 17,
          bytes: 150_000,
          tcpFlags: 0,
        })
      }
}

/** The packets as a router reports them on both sides of its address translation. */
function onBothSides(packets: readonly Packet[]): Packet[] {
  const ports = new Map<string, number>()
  const portOf = (host: string, port: number) => {
    const key = `${host} ${port}`
    ports.set(key, ports.get(key) ?? 1024 + ports.size)
    return { address: '192.0.2.1', port: ports.get(key)! }
  }
  return packets.flatMap((packet) => {
    const isOut = packet.source.startsWith('10.')
    const { address, port } = isOut
      ? portOf(packet.source, packet.sourcePort)
      : portOf(packet.destination, packet.destinationPort)
    const outside = isOut
      ? { source: address, sourcePort: port }
      : { destination: address, destinationPort: port }
    return [packet, { ...packet, ...outside }]
  })
}

/** A small office in which one host takes the line for 150 s, with packets shifted to end at `now`. */
export function smallOutage(now: number): { packets: Packet[]; from: number; to: number } {
  const seconds = 150
  const small = office({
    seed: 30,
    hosts: hosts(14),
    perHour: 150,
    span: { from: morning + 5 * minute, to: morning + 33 * minute },
    cuts: [{ from: cutAt, to: cutAt + seconds * 1000, except: ['10.0.0.12'], keeps: 0.01 }],
    more: (line) =>
      take(line, { client: '10.0.0.12', from: cutAt, seconds, connections: 25, bytes: 1.5e9 }),
  })()
  const shift = Math.floor((now - small.at(-1)!.time) / 1000) * 1000
  for (const packet of small) packet.time += shift
  return { packets: small, from: cutAt + shift, to: cutAt + shift + seconds * 1000 }
}

/**
 * Three incidents in one morning: a download, an upload by another host, and a cut with no one to
 * blame.
 */
export function badMorning(): { packets: Packet[]; told: (string | undefined)[][] } {
  const at = (minutes: number) => morning + minutes * minute
  const packets = office({
    seed: 99,
    cuts: [
      { from: at(12), to: at(14), except: ['10.0.0.12'], keeps: 0.01 },
      { from: at(20), to: at(23), except: ['10.0.0.17'], keeps: 0.01 },
      { from: at(30), to: at(31.5), except: [], keeps: 0 },
    ],
    more: (line) => {
      take(line, { client: '10.0.0.12', from: at(12), seconds: 119, connections: 20, bytes: 1.2e9 })
      take(line, {
        client: '10.0.0.17',
        from: at(20),
        seconds: 179,
        connections: 10,
        bytes: 1.5e9,
        direction: 'up',
      })
    },
  })()
  return { packets, told: [['silence'], ['congestion', '10.0.0.17', 'out'], ['congestion', '10.0.0.12', 'in']] } // prettier-ignore
}

export const scenarios: Scenario[] = [
  congestion('download by one connection', {
    seed: 1,
    client: '10.0.0.17',
    seconds: 180,
    connections: 1,
    bytes: 2.5e9,
  }),
  congestion('download by many', {
    seed: 2,
    client: '10.0.0.31',
    seconds: 240,
    connections: 200,
    bytes: 3e9,
  }),
  congestion('upload', {
    seed: 3,
    client: '10.0.0.12',
    seconds: 150,
    connections: 40,
    bytes: 1.5e9,
    direction: 'up',
  }),
  congestion('upload by one connection', {
    seed: 4,
    client: '10.0.0.12',
    seconds: 400,
    connections: 1,
    bytes: 4e9,
    direction: 'up',
  }),
  congestion('short', { seed: 5, client: '10.0.0.20', seconds: 20, connections: 6, bytes: 3e8 }),
  congestion('long', { seed: 6, client: '10.0.0.20', seconds: 780, connections: 30, bytes: 9e9 }),
  congestion('30-minute active timeout', {
    seed: 7,
    client: '10.0.0.14',
    seconds: 300,
    connections: 3,
    bytes: 3e9,
    meter: { activeMs: 1_800_000, inactiveMs: 15_000 },
  }),
  congestion('reports only at the end', {
    seed: 8,
    client: '10.0.0.14',
    seconds: 260,
    connections: 60,
    bytes: 3e9,
    meter: { inactiveMs: 60_000 },
  }),
  congestion('sampling 1:100', {
    seed: 9,
    client: '10.0.0.14',
    seconds: 200,
    connections: 10,
    bytes: 6e9,
    tolerance: 6,
    meter: { ...usual, sampling: 100 },
  }),
  congestion('clock 3 minutes ahead', {
    seed: 10,
    client: '10.0.0.30',
    seconds: 200,
    connections: 10,
    bytes: 3e9,
    meter: { ...usual, clockMs: 180_000 },
  }),
  congestion('some of it passes', {
    seed: 11,
    client: '10.0.0.30',
    seconds: 200,
    connections: 10,
    bytes: 3e9,
    keeps: 0.15,
  }),
  {
    ...congestion('datagrams that come 3 minutes late', {
      seed: 27,
      client: '10.0.0.14',
      seconds: 160,
      connections: 25,
      bytes: 2e9,
    }),
    lateMs: 180_000,
  },
  {
    name: 'a connection of long ago takes the line',
    packets: office({
      seed: 28,
      cuts: [{ from: cutAt, to: cutAt + 170_000, except: ['10.0.0.18'], keeps: 0.01 }],
      more: (line) => {
        const up = { source: '10.0.0.18', destination: '203.0.113.80', sourcePort: 33_000, destinationPort: 443, protocol: 6 } // prettier-ignore
        const down = { source: up.destination, destination: up.source, sourcePort: 443, destinationPort: 33_000, protocol: 6 } // prettier-ignore
        const isIn = (t: number) => t >= cutAt && t < cutAt + 170_000
        line.send({ ...up, time: morning + minute, bytes: 60, tcpFlags: 2 })
        for (let t = morning + minute + 50; t < span.to - minute; t += isIn(t) ? 250 : 9000) {
          line.send({ ...down, time: t, bytes: isIn(t) ? 2_500_000 : 90, tcpFlags: 24 })
          line.send({ ...up, time: t + 5, bytes: 52, tcpFlags: 16 })
        }
      },
    }),
    meter: usual,
    // Within a record bytes are spread evenly: how many fall in the event is exact to a record's
    // length.
    expected: {
      kind: 'congestion', from: cutAt, to: cutAt + 170_000, direction: 'in',
      actors: { '10.0.0.18': { mainPeer: '203.0.113.80' } },
    }, // prettier-ignore
    tolerance: 4,
  },
  {
    name: 'two culprits at once',
    packets: office({
      seed: 12,
      cuts: [{ from: cutAt, to: cutAt + 200_000, except: ['10.0.0.15', '10.0.0.16'], keeps: 0.01 }],
      more: (line) => {
        take(line, {
          client: '10.0.0.15',
          from: cutAt,
          seconds: 200,
          connections: 20,
          bytes: 1.6e9,
        })
        take(line, {
          client: '10.0.0.16',
          from: cutAt + 2000,
          seconds: 198,
          connections: 8,
          bytes: 1.2e9,
          server: () => '203.0.113.81',
        })
      },
    }),
    meter: usual,
    expected: {
      kind: 'congestion', from: cutAt, to: cutAt + 200_000, direction: 'in',
      actors: { '10.0.0.15': { connections: 20 }, '10.0.0.16': { connections: 8 } },
    }, // prettier-ignore
  },
  {
    name: 'twelve hosts that fetch from one server at once',
    packets: office({
      seed: 61,
      hosts: hosts(40),
      cuts: [{ from: cutAt, to: cutAt + 200_000, except: hosts(12), keeps: 0.01 }],
      more: (line) => {
        for (const client of hosts(12))
          take(line, { client, from: cutAt, seconds: 200, connections: 4, bytes: 3e8 })
      },
    }),
    meter: usual,
    expected: {
      kind: 'congestion', from: cutAt, to: cutAt + 200_000, direction: 'in',
      actors: Object.fromEntries(hosts(12).map((host) => [host, { connections: 4, mainPeer: '203.0.113.80' }])),
    }, // prettier-ignore
  },
  {
    name: 'twelve hosts that fetch from one server at once, while others go on',
    packets: office({
      seed: 62,
      hosts: hosts(40),
      more: (line) => {
        for (const client of hosts(12))
          take(line, { client, from: cutAt, seconds: 200, connections: 4, bytes: 3e8 })
      },
    }),
    meter: usual,
    expected: null,
  },
  {
    name: 'one that begins a minute after another has cut the others off',
    packets: office({
      seed: 101,
      cuts: [{ from: cutAt, to: cutAt + 262_000, except: ['10.0.0.22', '10.0.0.12'], keeps: 0.01 }],
      more(line) {
        take(line, { client: '10.0.0.22', from: cutAt, seconds: 260, connections: 20, bytes: 2e9 })
        take(line, {
          client: '10.0.0.12',
          from: cutAt + minute,
          seconds: 100,
          connections: 2,
          bytes: 5e8,
        })
      },
    }),
    meter: usual,
    expected: {
      kind: 'congestion', from: cutAt, to: cutAt + 262_000, direction: 'in',
      actors: { '10.0.0.22': { connections: 20 } },
    }, // prettier-ignore
  },
  {
    name: 'one that goes on where another ends',
    packets: office({
      seed: 101,
      cuts: [{ from: cutAt, to: cutAt + 200_000, except: ['10.0.0.22', '10.0.0.12'], keeps: 0.01 }],
      more(line) {
        take(line, {
          client: '10.0.0.22',
          from: cutAt,
          seconds: 130,
          connections: 20,
          bytes: 1.3e9,
        })
        take(line, {
          client: '10.0.0.12',
          from: cutAt + 128_000,
          seconds: 70,
          connections: 5,
          bytes: 7e8,
        })
      },
    }),
    meter: usual,
    expected: {
      kind: 'congestion', from: cutAt, to: cutAt + 200_000, direction: 'in',
      actors: { '10.0.0.22': { connections: 20 }, '10.0.0.12': { connections: 5 } },
    }, // prettier-ignore
  },
  {
    name: 'a download while cameras send to a recorder inside',
    packets: office({
      seed: 101,
      cuts: [{ from: cutAt, to: cutAt + 262_000, except: ['10.0.0.22'], keeps: 0.01 }],
      more(line) {
        take(line, { client: '10.0.0.22', from: cutAt, seconds: 260, connections: 20, bytes: 3e9 })
        for (let t = span.from; t < span.to; t += 1000)
          for (let camera = 1; camera <= 6; camera++)
            line.packets.push({
              time: t + camera * 100,
              source: `10.0.5.${camera}`,
              destination: '10.0.5.100',
              sourcePort: 5000,
              destinationPort: 554,
              protocol: 17,
              bytes: 500_000,
              tcpFlags: 0,
            })
      },
    }),
    meter: usual,
    expected: {
      kind: 'congestion', from: cutAt, to: cutAt + 262_000, direction: 'in',
      actors: { '10.0.0.22': { connections: 20 } },
    }, // prettier-ignore
  },
  {
    name: 'a download in a branch that works with servers of another site',
    packets: () => {
      const elsewhere = (address: string) => address.replace(/^(198.51.100|192.0.2)\./, '10.9.0.')
      return office({
        seed: 101,
        cuts: [{ from: cutAt, to: cutAt + 262_000, except: ['10.0.0.22'], keeps: 0.01 }],
        more: (line) =>
          take(line, {
            client: '10.0.0.22',
            from: cutAt,
            seconds: 260,
            connections: 20,
            bytes: 3e9,
          }),
      })().map((packet) => ({
        ...packet,
        source: elsewhere(packet.source),
        destination: elsewhere(packet.destination),
      }))
    },
    meter: { ...usual, sampling: 100 },
    tolerance: 5,
    expected: {
      kind: 'congestion', from: cutAt, to: cutAt + 262_000, direction: 'in',
      actors: { '10.0.0.22': { bytes: 3e9 } },
    }, // prettier-ignore
  },
  {
    name: 'one that takes the line beside eight with a little',
    packets: office({
      seed: 101,
      hosts: hosts(40),
      cuts: [{ from: cutAt, to: cutAt + 262_000, except: [...hosts(8), '10.0.0.22'], keeps: 0.01 }],
      more(line) {
        take(line, { client: '10.0.0.22', from: cutAt, seconds: 260, connections: 20, bytes: 3e9 })
        for (const client of hosts(8))
          take(line, {
            client,
            from: cutAt,
            seconds: 260,
            connections: 2,
            bytes: 3e7,
            server: () => '203.0.113.90',
          })
      },
    }),
    meter: usual,
    expected: {
      kind: 'congestion', from: cutAt, to: cutAt + 262_000, direction: 'in',
      actors: { '10.0.0.22': { connections: 20, mainPeer: '203.0.113.80' } },
    }, // prettier-ignore
  },
  {
    name: 'an upload by IPv6 in a network that nothing says is local',
    packets: () =>
      office({
        seed: 101,
        cuts: [{ from: cutAt, to: cutAt + 262_000, except: ['10.0.0.22'], keeps: 0.01 }],
        more: (line) =>
          take(line, {
            client: '10.0.0.22',
            from: cutAt,
            seconds: 260,
            connections: 20,
            bytes: 3e9,
            direction: 'up',
          }),
      })().map((packet) => ({
        ...packet,
        source: `2001:db8::${packet.source.replaceAll('.', ':')}`,
        destination: `2001:db8::${packet.destination.replaceAll('.', ':')}`,
      })),
    meter: usual,
    expected: {
      kind: 'congestion', from: cutAt, to: cutAt + 262_000, direction: 'out',
      actors: { '2001:db8::10:0:0:22': { connections: 20, mainPeer: '2001:db8::203:0:113:80' } },
    }, // prettier-ignore
    othersKept: 0.1,
  },
  {
    name: 'a cut over which records reach',
    packets: office({
      seed: 101,
      cuts: [{ from: cutAt, to: cutAt + 20_000, except: [], keeps: 0 }],
    }),
    meter: { activeMs: 300_000, inactiveMs: 60_000 },
    expected: { kind: 'silence', from: cutAt, to: cutAt + 20_000, actors: {} },
  },
  {
    name: 'six crawlers with most flows that pause while ten others go on',
    packets: office({
      seed: 101,
      hosts: hosts(10),
      perHour: 200,
      more: (line, random) => {
        for (let crawler = 1; crawler <= 6; crawler++)
          for (
            let t = cutAt - 8 * minute, n = 0;
            t < cutAt + 8 * minute;
            t += 60 + 60 * random(), n++
          )
            if (t < cutAt || t > cutAt + 20_000)
              line.transfer({
                start: t,
                seconds: 0.1,
                client: `10.0.1.${crawler}`,
                server: sites[n % sites.length]!,
                clientPort: 1024 + (n % 60_000),
                serverPort: 443,
                bytes: 5000,
                direction: 'down',
              })
      },
    }),
    meter: usual,
    expected: null,
  },
  {
    name: 'an IPv6 culprit',
    packets: office({
      seed: 13,
      cuts: [{ from: cutAt, to: cutAt + 200_000, except: ['fd00::22'], keeps: 0.01 }],
      more: (line) =>
        take(line, {
          client: 'fd00::22',
          from: cutAt,
          seconds: 200,
          connections: 20,
          bytes: 2.6e9,
          server: () => '2001:db8::80',
        }),
    }),
    meter: usual,
    expected: {
      kind: 'congestion', from: cutAt, to: cutAt + 200_000, direction: 'in',
      actors: { 'fd00::22': { connections: 20, mainPeer: '2001:db8::80' } },
    }, // prettier-ignore
  },
  {
    name: 'a cut with nobody to blame',
    packets: office({
      seed: 14,
      cuts: [{ from: cutAt, to: cutAt + 150_000, except: [], keeps: 0 }],
    }),
    meter: usual,
    expected: { kind: 'silence', from: cutAt, to: cutAt + 150_000, actors: {} },
  },
  {
    name: 'a cut with a trickle and nobody to blame',
    packets: office({
      seed: 15,
      cuts: [{ from: cutAt, to: cutAt + 400_000, except: [], keeps: 0.02 }],
    }),
    meter: usual,
    expected: { kind: 'silence', from: cutAt, to: cutAt + 400_000, actors: {} },
  },
  {
    name: 'a cut of two hours',
    packets: office({
      seed: 105,
      span: { from: morning, to: span.to + 120 * minute },
      cuts: [{ from: cutAt, to: cutAt + 120 * minute, except: [], keeps: 0 }],
    }),
    meter: usual,
    expected: { kind: 'silence', from: cutAt, to: cutAt + 120 * minute, actors: {} },
  },
  {
    name: 'a download of three and a half hours',
    packets: office({
      seed: 117,
      hosts: hosts(14),
      perHour: 150,
      span: { from: morning - 60 * minute, to: cutAt + 230 * minute },
      cuts: [{ from: cutAt, to: cutAt + 210 * minute, except: ['10.0.0.12'], keeps: 0.01 }],
      more: (line) =>
        take(line, {
          client: '10.0.0.12',
          from: cutAt,
          seconds: 210 * 60,
          connections: 40,
          bytes: 5e10,
        }),
    }),
    meter: usual,
    expected: {
      kind: 'congestion',
      from: cutAt,
      to: cutAt + 210 * minute,
      direction: 'in',
      actors: { '10.0.0.12': { bytes: 5e10, mainPeer: '203.0.113.80' } },
    },
  },
  {
    name: 'a download that goes on since two hours',
    packets: () =>
      office({
        seed: 118,
        hosts: hosts(14),
        perHour: 200,
        span: { from: morning - 60 * minute, to: cutAt + 120 * minute },
        cuts: [{ from: cutAt, to: cutAt + 150 * minute, except: ['10.0.0.12'], keeps: 0.01 }],
        more: (line) =>
          take(line, {
            client: '10.0.0.12',
            from: cutAt,
            seconds: 150 * 60,
            connections: 40,
            bytes: 5e10,
          }),
      })().filter(({ time }) => time < cutAt + 120 * minute),
    meter: usual,
    expected: {
      kind: 'congestion',
      from: cutAt,
      to: cutAt + 120 * minute,
      direction: 'in',
      actors: { '10.0.0.12': { bytes: 4e10, mainPeer: '203.0.113.80' } },
    },
  },
  {
    name: 'the exporter was cut off for five hours',
    packets: office({ seed: 116, span: { from: morning, to: span.to + 300 * minute } }),
    meter: usual,
    drops: [{ from: cutAt, to: cutAt + 300 * minute }],
    expected: { kind: 'exporter', from: cutAt, to: cutAt + 300 * minute, actors: {} },
    tolerance: 70,
  },
  {
    name: 'the exporter was cut off',
    packets: office({ seed: 16 }),
    meter: usual,
    drops: [{ from: cutAt, to: cutAt + 300_000 }],
    expected: { kind: 'exporter', from: cutAt, to: cutAt + 300_000, actors: {} },
    tolerance: 70,
  },
  {
    name: 'nothing comes from an exporter without sequence numbers',
    packets: office({ seed: 16 }),
    meter: { ...usual, version: 'v1' },
    drops: [{ from: cutAt, to: cutAt + 700_000 }],
    expected: { kind: 'exporter', from: cutAt, to: cutAt + 700_000, actors: {} },
    tolerance: 70,
    mayBeSilence: true,
  },
  {
    name: 'the exporter started anew',
    packets: office({ seed: 17 }),
    meter: { ...usual, restarts: [cutAt + 120_000] },
    drops: [{ from: cutAt, to: cutAt + 120_000 }],
    expected: { kind: 'exporter', from: cutAt, to: cutAt + 120_000, actors: {} },
    tolerance: 70,
  },
  {
    name: 'a scan',
    packets: office({
      seed: 18,
      more: (line) => {
        for (let i = 0; i < 18_000; i++)
          line.send({
            time: cutAt + i * 5,
            source: '10.0.0.19',
            destination: `172.20.${i >> 8}.${i & 255}`,
            sourcePort: 40_000,
            destinationPort: 445,
            protocol: 6,
            bytes: 44,
            tcpFlags: 2,
          })
      },
    }),
    meter: usual,
    expected: {
      kind: 'surge',
      from: cutAt,
      to: cutAt + 90_000,
      direction: 'out',
      actors: { '10.0.0.19': { connections: 18_000 } },
    },
  },
  {
    name: 'a flood by many small flows',
    packets: office({
      seed: 19,
      more: (line, random) => {
        for (let i = 0; i < 24_000; i++)
          line.send({
            time: cutAt + i * 5,
            source: `203.0.${i % 200}.${Math.floor(random() * 250)}`,
            destination: '10.0.0.25',
            sourcePort: 1024 + Math.floor(random() * 60_000),
            destinationPort: 80,
            protocol: 6,
            bytes: 60,
            tcpFlags: 2,
          })
      },
    }),
    meter: usual,
    expected: {
      kind: 'surge',
      from: cutAt,
      to: cutAt + 120_000,
      direction: 'in',
      actors: { '10.0.0.25': {} },
    },
  },
  {
    name: 'a scan that leaves the others no connections',
    packets: () => {
      const full = { from: cutAt, to: cutAt + 200_000, except: ['10.0.0.19'], keeps: 0 }
      const scanned = office({
        seed: 119,
        more: (line) => {
          calls(line, 7)
          tries(line, { ...full, client: '10.0.0.19', count: 40_000 })
        },
      })()
      return withoutNew(scanned, full)
    },
    meter: { ...usual, version: 'ipfix' },
    expected: {
      kind: 'congestion',
      from: cutAt,
      to: cutAt + 200_000,
      direction: 'out',
      actors: { '10.0.0.19': { connections: 40_000 } },
    },
  },
  {
    name: 'a scan while others talk and come and go',
    packets: office({
      seed: 120,
      more: (line) => {
        calls(line, 7)
        tries(line, { from: cutAt, to: cutAt + 200_000, client: '10.0.0.19', count: 40_000 })
      },
    }),
    meter: usual,
    expected: {
      kind: 'surge',
      from: cutAt,
      to: cutAt + 200_000,
      direction: 'out',
      actors: { '10.0.0.19': { connections: 40_000 } },
    },
  },
  ...[1500, 9000].map((count): Scenario => ({
    name: `a dead line on which one host tries ${count} times`,
    packets: office({
      seed: 121,
      cuts: [{ from: cutAt, to: cutAt + 300_000, except: [], keeps: 0 }],
      more: (line) =>
        tries(line, { from: cutAt + 3000, to: cutAt + 300_000, client: '10.0.0.19', count }),
    }),
    meter: usual,
    expected: { kind: 'silence', from: cutAt, to: cutAt + 300_000, actors: {} },
  })),
  {
    name: 'a dead line on which a camera sends on',
    packets: office({
      seed: 123,
      cuts: [{ from: cutAt, to: cutAt + 300_000, except: ['10.0.0.90'], keeps: 0 }],
      more: (line) => {
        const camera = { source: '10.0.0.90', destination: '203.0.113.44', sourcePort: 5004, destinationPort: 5004, protocol: 17, tcpFlags: 0 } // prettier-ignore
        for (let t = span.from; t < span.to; t += 250)
          line.send({ ...camera, time: t, bytes: 60_000 })
      },
    }),
    meter: { ...usual, version: 'ipfix' },
    expected: { kind: 'silence', from: cutAt, to: cutAt + 300_000, actors: {} },
  },
  {
    name: 'a dead line while two hosts inside copy',
    packets: office({
      seed: 124,
      cuts: [{ from: cutAt, to: cutAt + 240_000, except: ['10.0.0.6', '10.0.7.7'], keeps: 0 }],
      more: (line) =>
        take(line, {
          client: '10.0.0.6',
          from: cutAt - 5 * minute,
          seconds: 900,
          connections: 2,
          bytes: 5e9,
          server: () => '10.0.7.7',
        }),
    }),
    meter: usual,
    expected: { kind: 'silence', from: cutAt, to: cutAt + 240_000, actors: {} },
  },
  {
    name: 'a download during a backup that goes on',
    packets: office({
      seed: 125,
      perHour: 40,
      cuts: [{ from: cutAt, to: cutAt + 300_000, except: ['10.0.0.5', '10.0.0.31'], keeps: 0.01 }],
      more: (line) => {
        const backup = { client: '10.0.0.5', from: cutAt - 20_000, seconds: 900, connections: 2 }
        take(line, { ...backup, bytes: 3.6e9, direction: 'up', server: () => '198.51.100.240' })
        take(line, { client: '10.0.0.31', from: cutAt, seconds: 300, connections: 60, bytes: 4e9 })
      },
    }),
    meter: usual,
    expected: {
      kind: 'congestion',
      from: cutAt,
      to: cutAt + 300_000,
      direction: 'in',
      actors: { '10.0.0.31': { connections: 60, bytes: 4e9, mainPeer: '203.0.113.80' } },
    },
  },
  {
    name: 'two culprits behind a router that reports both sides of its translation',
    packets: () =>
      onBothSides(
        office({
          seed: 303,
          cuts: [
            { from: cutAt, to: cutAt + 240_000, except: ['10.0.0.22', '10.0.0.23'], keeps: 0.01 },
          ],
          more: (line) => {
            const both = { from: cutAt, seconds: 240, connections: 20, bytes: 1.5e9 }
            take(line, { ...both, client: '10.0.0.22' })
            take(line, { ...both, client: '10.0.0.23', server: () => '203.0.113.81' })
          },
        })(),
      ),
    meter: usual,
    expected: {
      kind: 'congestion',
      from: cutAt,
      to: cutAt + 240_000,
      direction: 'in',
      actors: {
        '10.0.0.22': { connections: 20, bytes: 1.5e9, mainPeer: '203.0.113.80' },
        '10.0.0.23': { connections: 20, bytes: 1.5e9, mainPeer: '203.0.113.81' },
      },
    },
  },
  {
    name: 'answers of name servers that nobody asked',
    packets: office({
      seed: 122,
      cuts: [{ from: cutAt, to: cutAt + 180_000, except: ['10.0.0.25'], keeps: 0.01 }],
      more: (line, random) => {
        for (let t = cutAt; t < cutAt + 180_000; t += 8)
          line.send({
            time: t,
            source: `203.0.113.${1 + Math.floor(random() * 200)}`,
            destination: '10.0.0.25',
            sourcePort: 53,
            destinationPort: 33_000 + Math.floor(random() * 3),
            protocol: 17,
            bytes: 60_000,
            tcpFlags: 0,
          })
      },
    }),
    meter: { ...usual, version: 'v5' },
    expected: {
      kind: 'congestion',
      from: cutAt,
      to: cutAt + 180_000,
      direction: 'in',
      actors: { '10.0.0.25': { bytes: 1.35e9, isAsked: true } },
    },
  },
  {
    name: 'questions to a time server in the name of a web server',
    packets: office({
      seed: 126,
      cuts: [{ from: cutAt, to: cutAt + 180_000, except: ['10.0.0.25'], keeps: 0.01 }],
      more: (line) => {
        const asks = { source: '203.0.113.9', destination: '10.0.0.25', sourcePort: 80, destinationPort: 123, protocol: 17, tcpFlags: 0 } // prettier-ignore
        const answers = { ...asks, source: asks.destination, destination: asks.source, sourcePort: 123, destinationPort: 80 } // prettier-ignore
        for (let t = cutAt; t < cutAt + 180_000; t += 8) {
          line.send({ ...asks, time: t, bytes: 100 })
          line.send({ ...answers, time: t, bytes: 60_000 })
        }
      },
    }),
    meter: usual,
    expected: {
      kind: 'congestion',
      from: cutAt,
      to: cutAt + 180_000,
      direction: 'out',
      actors: { '10.0.0.25': { bytes: 1.35e9, mainPeer: '203.0.113.9', isAsked: true } },
    },
  },
  {
    name: 'an office that closes for five hours',
    packets: office({
      seed: 117,
      span: { from: morning, to: span.to + 300 * minute },
      cuts: [{ from: cutAt, to: cutAt + 300 * minute, except: [], keeps: 0 }],
    }),
    meter: usual,
    expected: null,
  },
  { name: 'an ordinary morning', packets: office({ seed: 20 }), meter: usual, expected: null },
  {
    name: 'a large download that hurts nobody',
    packets: office({
      seed: 21,
      more: (line) =>
        take(line, { client: '10.0.0.33', from: cutAt, seconds: 240, connections: 8, bytes: 3e9 }),
    }),
    meter: usual,
    expected: null,
  },
  {
    name: 'a backup at night',
    packets: office({
      seed: 22,
      hosts: hosts(6),
      perHour: 6,
      more: (line) =>
        take(line, {
          client: '10.0.0.5',
          from: cutAt,
          seconds: 900,
          connections: 2,
          bytes: 2e10,
          direction: 'up',
        }),
    }),
    meter: usual,
    expected: null,
  },
  {
    name: 'a nightly batch',
    packets: office({
      seed: 23, hosts: hosts(4), perHour: 12,
      more: (line) => {
        for (let i = 0; i < 30; i++)
          take(line, { client: '10.0.0.6', from: morning + (5 + i) * minute, seconds: 40, connections: 4, bytes: 4e8, server: (n) => `198.51.100.${200 + n}` })
      },
    }), // prettier-ignore
    meter: usual,
    expected: null,
  },
  {
    name: 'a video call',
    packets: office({
      seed: 24,
      more: (line) => {
        for (const direction of ['down', 'up'] as const)
          line.transfer({
            start: morning + 8 * minute,
            seconds: 1500,
            client: '10.0.0.21',
            server: '198.51.100.7',
            clientPort: direction === 'down' ? 50_001 : 50_002,
            serverPort: 3478,
            bytes: 5e8,
            direction,
            protocol: 17,
          })
      },
    }),
    meter: usual,
    expected: null,
  },
  {
    name: 'a quiet Sunday',
    packets: office({
      seed: 25,
      hosts: hosts(8),
      perHour: 4,
      span: { from: morning, to: morning + 180 * minute },
    }),
    meter: usual,
    expected: null,
  },
  {
    name: 'six people',
    packets: office({
      seed: 7,
      hosts: hosts(6),
      perHour: 60,
      span: { from: morning, to: morning + 120 * minute },
    }),
    meter: usual,
    expected: null,
  },
  {
    name: 'three people',
    packets: office({
      seed: 26,
      hosts: hosts(3),
      perHour: 60,
      span: { from: morning, to: morning + 120 * minute },
    }),
    meter: usual,
    expected: null,
  },
  {
    name: 'a stream from outside to a multicast group',
    packets: office({
      seed: 41,
      cuts: [{ from: cutAt, to: cutAt + 180_000, except: [], keeps: 0.01 }],
      more: (line) =>
        streamed(line, {
          source: '203.0.113.9',
          destination: '239.1.2.3',
          protocol: 17,
          sourcePort: 5000,
          destinationPort: 5000,
        }),
    }),
    meter: usual,
    expected: {
      kind: 'congestion', from: cutAt, to: cutAt + 180_000, direction: 'out',
      actors: { '203.0.113.9': { bytes: 2.7e9, mainPeer: '239.1.2.3' } },
    }, // prettier-ignore
  },
  {
    name: 'a flood of pings from outside that the host answers',
    packets: office({
      seed: 42,
      cuts: [{ from: cutAt, to: cutAt + 180_000, except: ['10.0.0.14'], keeps: 0.01 }],
      more: (line) => {
        streamed(line, {
          source: '203.0.113.9',
          destination: '10.0.0.14',
          protocol: 1,
          sourcePort: 0,
          destinationPort: 2048,
        })
        streamed(line, {
          source: '10.0.0.14',
          destination: '203.0.113.9',
          protocol: 1,
          sourcePort: 0,
          destinationPort: 0,
        })
      },
    }),
    meter: usual,
    expected: {
      kind: 'congestion', from: cutAt, to: cutAt + 180_000, direction: 'in',
      actors: { '10.0.0.14': { bytes: 2.7e9, mainPeer: '203.0.113.9', isAsked: true } },
    }, // prettier-ignore
  },
]
