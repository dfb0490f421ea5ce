/** One host takes the line. */
import type { MeterOptions } from '../meter.ts'
import { cutAt, hosts, minute, morning, office, span, take, usual, type Taking } from '../office.ts'
import type { Scenario } from '../scenario.ts'

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

export const oneHost: Scenario[] = [
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
]
