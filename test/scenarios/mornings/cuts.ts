/** The line, or the exporter, is cut off, and nobody took it. */
import { cutAt, minute, morning, office, span, take, tries, usual } from '../office.ts'
import type { Scenario } from '../scenario.ts'

export const cuts: Scenario[] = [
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
    name: 'the exporter was cut off',
    packets: office({ seed: 16 }),
    meter: usual,
    drops: [{ from: cutAt, to: cutAt + 300_000 }],
    expected: { kind: 'exporter', from: cutAt, to: cutAt + 300_000, actors: {} },
    tolerance: 70,
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
]
