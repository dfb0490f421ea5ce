/** Scans, floods and streams: many small flows, or packets that nobody asked for. */
import { cutAt, office, span, tries, usual } from '../office.ts'
import type { Cut, Line, Packet } from '../packets.ts'
import type { Scenario } from '../scenario.ts'

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

/** 120 Mb/s in one direction for three minutes from the cut. */
function streamed(line: Line, ends: Omit<Packet, 'time' | 'bytes' | 'tcpFlags'>): void {
  for (let t = cutAt; t < cutAt + 180_000; t += 4)
    line.packets.push({ ...ends, time: t, bytes: 60_000, tcpFlags: 0 })
}

export const floods: Scenario[] = [
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
