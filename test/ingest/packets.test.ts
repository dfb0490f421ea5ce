/** Datagrams in captured packets: behind link layers, in tunnels, in fragments, truncated. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseAddress } from '../../flow/address.ts'
import { Fragments } from '../../ingest/capture/fragments.ts'
import {
  headersBytesMax,
  readPacket,
  sourceText,
  writeHeaders,
} from '../../ingest/capture/packet.ts'

const rawIp = 101

test('a datagram of which only the beginning was captured is marked', () => {
  const [packet] = fragmentsOf('10.0.0.1', Uint8Array.of(1, 2, 3, 4), 1480)
  const cut = readPacket(packet!.subarray(0, -1), rawIp)
  assert.deepEqual([cut?.isCut, cut?.payload], [true, Uint8Array.of(1, 2, 3)])
  assert.equal(readPacket(packet!, rawIp)?.isCut, false)
})

/** Bytes from hexadecimal digits. */
const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex')
const stations = '020000000001 020000000002'
const fronts: readonly [name: string, linkType: number, front: string][] = [
  ['Ethernet', 1, `${stations} 0800`],
  ['VLAN', 1, `${stations} 8100 0064 0800`],
  ['two VLANs', 1, `${stations} 88a8 00c8 8100 0064 0800`],
  ['two VLANs, tagged 0x9200', 1, `${stations} 9200 00c8 8100 0064 0800`],
  ['PPPoE', 1, `${stations} 8864 1100 0005 0100 0021`],
  ['PPPoE in a VLAN', 1, `${stations} 8100 0007 8864 1100 0005 0100 0021`],
  ['MPLS, two labels', 1, `${stations} 8847 00011040 00012140`],
  ['PPP', 9, '0021'],
  ['PPP with address and control', 9, 'ff03 0021'],
  ['PPP in HDLC framing', 50, 'ff03 0021'],
  ['PPPoE without Ethernet', 51, '1100 0005 0100 0021'],
  ['Cisco HDLC', 104, '0f00 0800'],
  ['enc of the BSDs', 109, '02000000 00000000 00000000'],
  ['Linux cooked', 113, '0000 0001 0006 0200000000010000 0800'],
  ['Linux cooked, VLAN', 113, '0000 0001 0006 0200000000010000 8100 0005 0800'],
  ['IP in IP', rawIp, '4500 0000 0000 0000 4004 0000 c0000201 c0000202'],
  ['IPv4 in IPv6', rawIp, `6000 0000 0000 0440 ${'00'.repeat(32)}`],
  ['GRE', 1, `${stations} 0800 4500 0000 0000 0000 402f 0000 c0000201 c0000202 0000 0800`],
  [
    'GRE with checksum, key and number',
    rawIp,
    '4500 0000 0000 0000 402f 0000 c0000201 c0000202 b000 0800 00000000 00000007 00000001',
  ],
  [
    'Ethernet in GRE',
    rawIp,
    `4500 0000 0000 0000 402f 0000 c0000201 c0000202 0000 6558 ${stations} 8100 0064 0800`,
  ],
  [
    'ERSPAN',
    rawIp,
    `4500 0000 0000 0000 402f 0000 c0000201 c0000202 1000 88be 00000001 1000000000000000 ${stations} 0800`,
  ],
  [
    'ERSPAN, its first form',
    rawIp,
    `4500 0000 0000 0000 402f 0000 c0000201 c0000202 0000 88be ${stations} 0800`,
  ],
  [
    'ERSPAN, its third form',
    rawIp,
    `4500 0000 0000 0000 402f 0000 c0000201 c0000202 1000 22eb 00000001 200000000000000000000001 0000000000000000 ${stations} 0800`,
  ],
  ['Linux cooked v2', 276, '0800 0000 00000003 0001 00 06 0200000000010000'],
]
for (const [name, linkType, front] of fronts)
  test(`a datagram behind ${name}`, () => {
    const [packet] = fragmentsOf('10.0.0.1', Uint8Array.of(1, 2, 3, 4), 1480)
    const frame = Buffer.concat([hex(front), packet!])
    const datagram = readPacket(frame, linkType)
    assert.deepEqual(datagram?.payload, Uint8Array.of(1, 2, 3, 4))
    for (let bytes = 0; bytes < frame.length - 4; bytes++)
      assert.equal(readPacket(frame.subarray(0, bytes), linkType), null)
  })

test('frames without IP give none', () => {
  const [packet] = fragmentsOf('10.0.0.1', Uint8Array.of(1), 1480)
  const others = [`${stations} 0806`, `${stations} 8864 1100 0005 0100 c021`]
  for (const front of others)
    assert.equal(readPacket(Buffer.concat([hex(front), packet!]), 1), null)
})

test('raw IP under each of its link types', () => {
  const [packet] = fragmentsOf('10.0.0.1', new Uint8Array(100), 1480)
  for (const linkType of [rawIp, 12, 14, 228]) assert.ok(readPacket(packet!, linkType))
})

/** A datagram from `source` in IP fragments of at most `bytes`, a multiple of 8. */
function fragmentsOf(source: string, payload: Uint8Array, bytes: number, id = 7): Uint8Array[] {
  const ends = {
    source: parseAddress(source)!,
    destination: parseAddress('192.0.2.5')!,
    sourcePort: 50_000,
    destinationPort: 2055,
  }
  const front = new Uint8Array(headersBytesMax)
  const length = writeHeaders(new DataView(front.buffer), 0, ends, payload.length)
  const header = front.subarray(0, length - 8)
  const carried = Buffer.concat([front.subarray(length - 8, length), payload])
  const packets: Uint8Array[] = []
  for (let at = 0; at < carried.length; at += bytes) {
    const part = carried.subarray(at, at + bytes)
    const isLast = at + bytes >= carried.length
    const packet = Buffer.concat(
      header.length === 20 ? [header, part] : [header, Buffer.alloc(8), part],
    )
    if (header.length === 20) {
      packet.writeUInt16BE(20 + part.length, 2)
      packet.writeUInt16BE(id, 4)
      packet.writeUInt16BE(at / 8 + (isLast ? 0 : 0x2000), 6)
    } else {
      packet.writeUInt16BE(8 + part.length, 4)
      packet[6] = 44
      packet[40] = 17
      packet.writeUInt16BE(at + (isLast ? 0 : 1), 42)
      packet.writeUInt32BE(id, 44)
    }
    packets.push(packet)
  }
  return packets
}

for (const source of ['10.0.0.1', 'fd00::1'])
  test(`a datagram of ${source} in fragments, in any order, some twice`, () => {
    const payload = Uint8Array.from({ length: 3000 }, (_, i) => i % 251)
    const others = fragmentsOf(
      source,
      payload.map((byte) => byte ^ 1),
      1480,
      8,
    )
    const [first, second, third] = fragmentsOf(source, payload, 1480)
    const fragments = new Fragments()
    const read = (packet: Uint8Array) => readPacket(packet, rawIp, fragments)
    for (const packet of [third!, others[0]!, first!, first!]) assert.equal(read(packet), null)
    const datagram = read(second!)
    assert.ok(datagram)
    assert.deepEqual(datagram.payload, payload)
    assert.equal(sourceText(datagram), source)
    assert.equal(fragments.fragmentsMerged, 2)
    assert.equal(readPacket(second!, rawIp), null)
  })

test('a fragment whose rest did not come is not joined to a later packet with the same number', () => {
  const fragments = new Fragments()
  const before = fragmentsOf('10.0.0.1', new Uint8Array(2000).fill(1), 1480)
  const after = fragmentsOf('10.0.0.1', new Uint8Array(2000).fill(2), 1480)
  const read = (packet: Uint8Array) => readPacket(packet, rawIp, fragments)
  fragments.nowMs = 1_000_000
  assert.equal(read(before[1]!), null)
  fragments.nowMs += 30_001
  assert.equal(read(after[0]!), null)
  assert.deepEqual(read(after[1]!)?.payload, new Uint8Array(2000).fill(2))
})

test('a fragment that comes again once its packet is whole is no second datagram', () => {
  const fragments = new Fragments()
  const [first, second] = fragmentsOf('10.0.0.1', new Uint8Array(2000), 1480)
  const read = (packet: Uint8Array) => readPacket(packet, rawIp, fragments)
  assert.equal(read(first!), null)
  assert.ok(read(second!))
  assert.equal(read(second!), null)
  assert.equal(read(second!), null)
})

test('fragments that overlap and leave a hole are no datagram, though their lengths add up', () => {
  const fragments = new Fragments()
  const piece = (offset: number, length: number, isLast = false) =>
    fragments.take({ packet: 'one', offset, isLast, bytes: new Uint8Array(length) })
  assert.equal(piece(0, 16), null)
  assert.equal(piece(8, 16), null)
  assert.equal(piece(32, 8, true), null)
})

test('incomplete fragments are kept within a limit', () => {
  const fragments = new Fragments()
  const payload = new Uint8Array(2000)
  const begun = Array.from({ length: 100 }, (_, id) => fragmentsOf('10.0.0.1', payload, 1480, id))
  const read = (packet: Uint8Array) => readPacket(packet, rawIp, fragments)
  for (const [first] of begun) assert.equal(read(first!), null)
  const whole = begun.toReversed().filter(([, second]) => read(second!) !== null)
  assert.equal(whole.length, 64)
})
