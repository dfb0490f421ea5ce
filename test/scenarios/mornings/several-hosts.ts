/** Several hosts move much: together, one after the other, or one beside what goes on. */
import { cutAt, hosts, minute, office, span, take, usual } from '../office.ts'
import type { Packet } from '../packets.ts'
import type { Scenario } from '../scenario.ts'

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

export const severalHosts: Scenario[] = [
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
]
