/** Nothing happens, though some of it is much. */
import { cutAt, hosts, minute, morning, office, sites, span, take, usual } from '../office.ts'
import type { Scenario } from '../scenario.ts'

export const harmless: Scenario[] = [
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
    name: 'an office that closes for five hours',
    packets: office({
      seed: 117,
      span: { from: morning, to: span.to + 300 * minute },
      cuts: [{ from: cutAt, to: cutAt + 300 * minute, except: [], keeps: 0 }],
    }),
    meter: usual,
    expected: null,
  },
]
