/** Mornings with outages for tests of other parts. */
import { cutAt, hosts, minute, morning, office, take } from './office.ts'
import type { Packet } from './packets.ts'

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
