/**
 * Random mornings of the harder kind: what begins slowly, comes twice, is fetched from a host or
 * over an old connection, runs between local hosts, or takes a download down with the rest. As with
 * the plainer ones, the expected incident follows from the packets.
 */
import { seeded } from '../random.ts'
import type { MeterOptions } from './meter.ts'
import { browse, Line, type Cut, type Packet } from './packets.ts'
import {
  didOf,
  meters,
  mostOf,
  pick,
  between,
  taking,
  toldOf,
  type Random,
  type ToldIncident,
  type UnseenMorning,
} from './unseen.ts'

const minute = 60_000

interface Happening {
  line: Line
  random: Random
  /** Bytes per second of all hosts in the busiest half minutes. */
  usual: number
  hosts: readonly string[]
  start: number
  end: number
  /** The time of the first cut. */
  cut: Span
  /** Of the second. */
  second: Span
  culprit: string
  other: string
}

interface Span {
  from: number
  to: number
}

interface Kind {
  /** The cuts, from which the line knows what passes. */
  cuts: (given: Pick<Happening, 'cut' | 'second' | 'culprit' | 'other'>) => Omit<Cut, 'keeps'>[]
  /** What is sent besides browsing. */
  sends?: (given: Happening) => void
  /** The expected incidents, if they do not follow from the cuts and from who passes. */
  told?: (packets: readonly Packet[], given: Happening) => ToldIncident[]
  drops?: (given: Pick<Happening, 'cut' | 'second'>) => Span[]
  hosts?: [number, number]
}

/** The plainer mornings' exporters, and softflowd run on captures of a minute each. */
const exporters: MeterOptions[] = [
  { version: 'v9', activeMs: 60_000, inactiveMs: 15_000, cutEveryMs: 60_000 },
  ...meters,
]

const far = (n: number) => `203.0.113.${n}`
const rampMs = 40_000

/** A transfer of many packets whose rate grows from zero to its maximum within a time, and then stays. */
function ramp(
  line: Line,
  given: { client: string; server: string; port: number; from: number; to: number; rate: number },
): void {
  const { client, server, port, from, to, rate } = given
  const up = { source: client, destination: server, sourcePort: port, destinationPort: 443, protocol: 6 } // prettier-ignore
  const down = { source: server, destination: client, sourcePort: 443, destinationPort: port, protocol: 6 } // prettier-ignore
  line.send({ ...up, time: from, bytes: 60, tcpFlags: 2 })
  line.send({ ...down, time: from + 20, bytes: 60, tcpFlags: 18 })
  const stepMs = 250
  for (let t = from + 50; t < to; t += stepMs) {
    const share = Math.min(1, (t - from) / rampMs) ** 2
    line.send({ ...down, time: t, bytes: Math.round(52 + (share * rate * stepMs) / 1000), tcpFlags: 24 })
    line.send({ ...up, time: t + 10, bytes: 52, tcpFlags: 16 })
  } // prettier-ignore
}

const kinds: Record<string, Kind> = {
  download: {
    cuts: ({ cut, culprit }) => [{ ...cut, except: [culprit] }],
    sends: (given) => take(given, given.culprit, given.cut),
  },
  upload: {
    cuts: ({ cut, culprit }) => [{ ...cut, except: [culprit] }],
    sends: (given) => take(given, given.culprit, given.cut, 'up'),
  },
  'nobody to blame': { cuts: ({ cut }) => [{ ...cut, except: [] }] },
  'no cut': { cuts: () => [], sends: (given) => take(given, given.culprit, given.cut) },
  'slow onset': {
    cuts: ({ cut, culprit }) => [{ from: cut.from + rampMs, to: cut.to, except: [culprit] }],
    sends({ line, random, usual, cut, culprit }) {
      const count = pick(random, [1, 3, 12])
      for (let i = 0; i < count; i++)
        ramp(line, { client: culprit, server: far(7), port: 21_000 + i, ...cut, rate: (3 * usual) / count }) // prettier-ignore
    },
    told: (packets, { cut, culprit }) => [toldOf(packets, { ...cut, who: [culprit] })],
  },
  'two silences': {
    cuts: ({ cut, second }) => [
      { ...cut, except: [] },
      { ...second, except: [] },
    ],
  },
  'a download, then a silence': {
    cuts: ({ cut, second, culprit }) => [
      { ...cut, except: [culprit] },
      { ...second, except: [] },
    ],
    sends: (given) => take(given, given.culprit, given.cut),
  },
  'a silence, then an upload': {
    cuts: ({ cut, second, culprit }) => [
      { ...cut, except: [] },
      { ...second, except: [culprit] },
    ],
    sends: (given) => take(given, given.culprit, given.second, 'up'),
  },
  'away, then a download': {
    cuts: ({ second, culprit }) => [{ ...second, except: [culprit] }],
    drops: ({ cut }) => [cut],
    sends: (given) => take(given, given.culprit, given.second),
    told: (packets, { cut, second, culprit }) => [
      { kind: 'exporter', ...cut, actors: {} },
      toldOf(packets, { ...second, who: [culprit] }),
    ],
  },
  'away, then a silence': {
    cuts: ({ second }) => [{ ...second, except: [] }],
    drops: ({ cut }) => [cut],
    told: (_packets, { cut, second }) => [
      { kind: 'exporter', ...cut, actors: {} },
      { kind: 'silence', ...second, actors: {} },
    ],
  },
  'a silence that takes a download with it': {
    cuts: ({ cut }) => [{ ...cut, except: [] }],
    sends(given) {
      const before = { from: given.start + 2 * minute, to: given.cut.from }
      take({ ...given, usual: given.usual / 3 }, given.culprit, before)
    },
  },
  served: {
    cuts: ({ cut, culprit }) => [{ ...cut, except: [culprit] }],
    sends({ line, random, usual, cut, culprit }) {
      const count = pick(random, [2, 30, 250])
      for (let i = 0; i < count; i++)
        line.transfer({
          start: cut.from + (i * 6000) / count,
          seconds: (cut.to - cut.from - 6200) / 1000,
          client: far(1 + (i % 200)),
          server: culprit,
          clientPort: 30_000 + i,
          serverPort: 443,
          bytes: (2.5 * usual * (cut.to - cut.from)) / 1000 / count,
          direction: 'down',
        })
    },
  },
  'by UDP': {
    cuts: ({ cut, culprit }) => [{ ...cut, except: [culprit] }],
    sends({ line, random, usual, cut, culprit }) {
      const count = pick(random, [1, 4, 40])
      for (let i = 0; i < count; i++)
        line.transfer({
          start: cut.from + (i * 3000) / count,
          seconds: (cut.to - cut.from - 3100) / 1000,
          client: culprit,
          server: far(9 + (i % 3)),
          clientPort: 31_000 + i,
          serverPort: 443,
          bytes: (2.5 * usual * (cut.to - cut.from)) / 1000 / count,
          direction: pick(random, ['down', 'up']),
          protocol: 17,
        })
    },
  },
  'two at once': {
    cuts: ({ cut, culprit, other }) => [{ ...cut, except: [culprit, other] }],
    sends({ line, random, usual, cut, culprit, other }) {
      for (const who of [culprit, other]) {
        const connections = pick(random, [2, 6, 15])
        taking(line, random, {
          who,
          when: cut,
          direction: 'down',
          rate: 2 * usual,
          far,
          connections,
        })
      }
    },
    told(packets, { cut, culprit, other }) {
      const [one, two] = [culprit, other].map((who) => didOf(packets, who, cut))
      return [
        { kind: 'congestion', ...cut, direction: 'in', actors: { [culprit]: one!, [other]: two! } },
      ]
    },
  },
  'few hosts': {
    hosts: [5, 9],
    cuts: ({ cut, culprit }) => [{ ...cut, except: [culprit] }],
    sends: (given) => take(given, given.culprit, given.cut),
  },
  'between hosts of ours': {
    cuts: () => [],
    sends({ line, cut, usual, culprit, other }) {
      for (let i = 0; i < 4; i++)
        line.transfer({
          start: cut.from + i * 500,
          seconds: (cut.to - cut.from) / 1000 - 3,
          client: culprit,
          server: other,
          clientPort: 32_000 + i,
          serverPort: 445,
          bytes: (3 * usual * (cut.to - cut.from)) / 1000,
          direction: 'up',
        })
    },
  },
  'one of very many peers': {
    cuts: ({ cut, culprit }) => [{ ...cut, except: [culprit] }],
    sends({ line, random, usual, cut, culprit }) {
      const count = 500
      for (let i = 0; i < count; i++) {
        const startAt = cut.from + (i * 5000) / count
        line.transfer({
          start: startAt,
          seconds: (cut.to - startAt) / 1000 - 0.2,
          client: culprit,
          server: `203.0.${113 + (i % 5)}.${1 + (i % 250)}`,
          clientPort: 34_000 + i,
          serverPort: 6881 + (i % 7),
          bytes: ((2 * usual * (cut.to - cut.from)) / 1000 / count) * (0.3 + 1.4 * random()),
          direction: 'up',
        })
      }
    },
  },
}

function take(
  { line, random, usual }: Happening,
  who: string,
  when: Span,
  direction: 'down' | 'up' = 'down',
): void {
  taking(line, random, { who, when, direction, rate: usual * (1.3 + random() * 2), far })
}

export const harderKinds = Object.keys(kinds)

/** A morning; the same for the same seed. */
export function harderMorning(seed: number): UnseenMorning {
  const random = seeded(1_000_000 + seed)
  const name = harderKinds[seed % harderKinds.length]!
  const kind = kinds[name]!
  const meter = exporters[Math.floor(seed / harderKinds.length) % exporters.length]!
  const start = Date.UTC(2026, 10, between(random, 2, 27), between(random, 7, 15), between(random, 0, 59), between(random, 0, 59)) // prettier-ignore
  const cutAt = start + between(random, 16, 24) * minute + between(random, 0, 59_999)
  const cut = { from: cutAt, to: cutAt + between(random, 90, 400) * 1000 }
  const secondAt = cut.to + between(random, 5, 10) * minute + between(random, 0, 59_999)
  const second = { from: secondAt, to: secondAt + between(random, 90, 300) * 1000 }
  const end = second.to + between(random, 12, 20) * minute
  const hosts = Array.from({ length: between(random, ...(kind.hosts ?? [14, 50])) }, (_, i) => `10.0.0.${10 + i}`) // prettier-ignore
  const culprit = pick(random, hosts)
  const other = pick(random, hosts.filter((host) => host !== culprit)) // prettier-ignore
  const keeps = pick(random, [0, 0.01, 0.04])
  const cuts = kind.cuts({ cut, second, culprit, other }).map((each) => ({ ...each, keeps: each.except.length === 0 ? 0 : keeps })) // prettier-ignore
  const line = new Line(cuts, random)
  const sites = Array.from({ length: 120 }, (_, i) => `198.51.100.${1 + i}`)
  const perHour = between(random, 150, 450)
  browse(line, { from: start, to: end, hosts, sites, perHour: () => perHour }, random)
  const usual = mostOf(line.packets, cut)
  const happening: Happening = { line, random, usual, hosts, start, end, cut, second, culprit, other } // prettier-ignore
  kind.sends?.(happening)
  const packets = line.packets.sort((a, b) => a.time - b.time)
  const told =
    kind.told?.(packets, happening) ??
    cuts.map(({ from, to, except }) => toldOf(packets, { from, to, who: except }))
  const { version, activeMs, inactiveMs, everyMs, cutEveryMs } = meter
  const exporter = `${version} ${activeMs ?? 'at the end'}/${inactiveMs}${everyMs ? ' by minute' : ''}${cutEveryMs ? ' cut by minute' : ''}`
  return {
    name: `${seed}: ${name}, ${(cut.to - cut.from) / 1000} s, ${hosts.length} hosts, ${exporter}, keeps ${keeps}`,
    packets,
    meter,
    drops: kind.drops?.({ cut, second }) ?? [],
    told,
  }
}
