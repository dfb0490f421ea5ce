/** Flows with random field values; all begin at t0. */
import * as fc from 'fast-check'

import { t0, testFlow } from './archived.ts'

const oneOf = <Value>(...values: Value[]) => fc.constantFrom(...values)
export const addresses = [
  '10.0.0.22',
  '10.0.0.23',
  '10.1.2.3',
  '203.0.113.80',
  'fd00::22',
  '2001:db8::1',
  '2001:db8::2',
]

export const generatedFlow = fc
  .record({
    duration: fc.oneof(oneOf(0, 1, 1000, -5), fc.integer({ min: 0, max: 1e7 })),
    exporter: oneOf('192.0.2.1', '2001:db8::fe'),
    source: oneOf(...addresses),
    destination: oneOf(...addresses),
    sourcePort: oneOf(0, 53, 80, 443, 1023, 1024, 50_000, 65_535),
    destinationPort: oneOf(0, 53, 80, 443, 1023, 1024, 51_000, 65_535),
    protocol: oneOf(1, 6, 17, 58, 253),
    octets: fc.oneof(oneOf(0, 1, 1000, 1e6, 2 ** 40, 2 ** 52), fc.integer({ min: 0, max: 1e9 })),
    packets: fc.oneof(oneOf(0, 1, 10, 1e6), fc.integer({ min: 0, max: 1e6 })),
    sampling: oneOf(1, 1, 1, 100, 1000, 2 ** 31),
    ingress: oneOf(0, 1, 2, 2 ** 32 - 1),
    egress: oneOf(0, 1, 3),
    flags: oneOf(0, 2, 16, 18, 27, 0x100, 0x1ff),
    icmp: oneOf(0, 2048, 32_768),
    tos: oneOf(0, 16, 17, 184, 255),
    sourceAs: oneOf(0, 65_001, 2 ** 32 - 1),
    destinationAs: oneOf(0, 65_001),
    nextHop: oneOf('0.0.0.0', '10.0.0.22', '2001:db8::2'),
    vlan: oneOf(0, 100, 4094),
    application: oneOf(0, 3 * 2 ** 24 + 443, 2 ** 32 - 1),
  })
  .map(({ duration, ...given }) => testFlow({ ...given, first: t0, last: t0 + duration }))
