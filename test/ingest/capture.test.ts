import assert from 'node:assert/strict'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { readFileSync } from 'node:fs'

import { parseAddress } from '../../flow/address.ts'
import { Fragments } from '../../ingest/capture/fragments.ts'
import {
  headersBytesMax,
  readPacket,
  sourceText,
  writeHeaders,
} from '../../ingest/capture/packet.ts'
import { CutCapture, NotACapture, readCapture } from '../../ingest/capture/read.ts'
import { wholePackets } from '../../ingest/capture/whole-packets.ts'

const story = 'test/captures/monday-outage.v9.pcap.gz'

async function count(path: string): Promise<{ packets: number; first: number; last: number }> {
  const seen = { packets: 0, first: 0, last: 0 }
  for await (const { timeMs } of readCapture(path)) {
    seen.packets++
    seen.first ||= timeMs
    seen.last = timeMs
  }
  return seen
}

async function file(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'weir-capture-')), name)
  await writeFile(path, bytes)
  return path
}

/** A block of a little-endian pcapng. */
function block(type: number, body: Buffer): Buffer {
  const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)])
  const out = Buffer.alloc(12 + padded.length)
  out.writeUInt32LE(type, 0)
  out.writeUInt32LE(out.length, 4)
  padded.copy(out, 8)
  out.writeUInt32LE(out.length, out.length - 4)
  return out
}

/** The block with which a pcapng begins. */
function sectionHeader(): Buffer {
  const section = Buffer.alloc(16, 0xff)
  section.writeUInt32LE(0x1a2b3c4d, 0)
  section.writeUInt16LE(1, 4)
  section.writeUInt16LE(0, 6)
  return block(0x0a0d0d0a, section)
}

/** The packets of a little-endian pcap as pcapng with nanosecond times. */
function toPcapng(pcap: Buffer, packets: number): Buffer {
  const description = Buffer.alloc(20)
  description.writeUInt16LE(pcap.readUInt32LE(20), 0)
  description.writeUInt16LE(9, 8)
  description.writeUInt16LE(1, 10)
  description[12] = 9
  const blocks = [sectionHeader(), block(1, description)]
  for (let at = 24, i = 0; i < packets; i++) {
    const length = pcap.readUInt32LE(at + 8)
    const time =
      BigInt(pcap.readUInt32LE(at)) * 1_000_000_000n + BigInt(pcap.readUInt32LE(at + 4)) * 1000n
    const head = Buffer.alloc(20)
    head.writeUInt32LE(Number(time >> 32n), 4)
    head.writeUInt32LE(Number(time & 0xffffffffn), 8)
    head.writeUInt32LE(length, 12)
    head.writeUInt32LE(length, 16)
    blocks.push(block(6, Buffer.concat([head, pcap.subarray(at + 16, at + 16 + length)])))
    at += 16 + length
  }
  return Buffer.concat(blocks)
}

test('the story is read whole, gzipped or plain, and as pcapng', async () => {
  const expected = { packets: 7057, first: 1_794_819_660_000, last: 1_794_834_000_000 }
  const gzipped = await count(story)
  assert.equal(gzipped.packets, expected.packets)
  const plain = gunzipSync(readFileSync(story))
  assert.deepEqual(await count(await file('plain.pcap', plain)), gzipped)
  const some = await count(await file('some.pcapng', toPcapng(plain, 100)))
  assert.deepEqual(
    { packets: some.packets, first: some.first },
    { packets: 100, first: gzipped.first },
  )
})

test('its packets hold the datagrams of the exporter', async () => {
  for await (const packet of readCapture(story)) {
    const datagram = readPacket(packet.bytes, packet.linkType)
    assert.ok(datagram)
    assert.equal(sourceText(datagram), '10.0.0.1')
    assert.equal(datagram.destinationPort, 2055)
    break
  }
})

test('what is no capture is refused with what it is', async () => {
  const plain = gunzipSync(readFileSync(story))
  const cases: [string, Uint8Array, RegExp][] = [
    ['empty', new Uint8Array(0), /empty/],
    ['text', Buffer.from('hello, this is no capture'), /starts with/],
    ['header', plain.subarray(0, 20), /cut off/],
    ['cut', plain.subarray(0, 200), /cut off/],
    ['torn gzip', gzipSync(plain).subarray(0, 5000), /gzip stream is broken/],
  ]
  for (const [name, bytes, reason] of cases) {
    const path = await file(name, bytes)
    await assert.rejects(count(path), (error) => {
      assert.ok(error instanceof NotACapture, name)
      assert.match(error.message, reason)
      return true
    })
  }
})

test('of a capture that ends within a packet all before it is read, and the cut is told', async () => {
  const plain = gunzipSync(readFileSync(story))
  const end = 24 + 16 + plain.readUInt32LE(24 + 8)
  const second = end + 16 + plain.readUInt32LE(end + 8)
  const wholePcapng = toPcapng(plain, 2)
  const cases: [string, Buffer, number][] = [
    ['in the data', plain.subarray(0, second - 1), 1],
    ['in the header of the record', plain.subarray(0, end + 7), 1],
    ['nowhere', plain.subarray(0, end), 1],
    ['nowhere, pcapng', wholePcapng, 2],
    ['pcapng', wholePcapng.subarray(0, -1), 1],
  ]
  for (const [name, bytes, whole] of cases) {
    const path = await file('cut', bytes)
    let [packets, cuts] = [0, 0]
    for await (const { timeMs } of wholePackets(path, () => cuts++)) packets += Number(timeMs > 0)
    assert.deepEqual([packets, cuts], [whole, name.startsWith('nowhere') ? 0 : 1], name)
  }
  const none = wholePackets(await file('none', plain.subarray(0, end - 1)), () => undefined)
  await assert.rejects(none.next(), CutCapture)
})

test('a datagram of which only the beginning was captured is marked', () => {
  const [packet] = fragmentsOf('10.0.0.1', Uint8Array.of(1, 2, 3, 4), 1480)
  const cut = readPacket(packet!.subarray(0, -1), rawIp)
  assert.deepEqual([cut?.isCut, cut?.payload], [true, Uint8Array.of(1, 2, 3)])
  assert.equal(readPacket(packet!, rawIp)?.isCut, false)
})

test('pcapng: times from an offset, older packet blocks, and long blocks that hold no packet', async () => {
  const description = Buffer.alloc(36)
  description.writeUInt16LE(101, 0)
  description.writeUInt16LE(9, 8)
  description.writeUInt16LE(1, 10)
  description[12] = 6
  description.writeUInt16LE(14, 16)
  description.writeUInt16LE(8, 18)
  description.writeBigInt64LE(1_794_819_900n, 20)
  const packet = Buffer.alloc(24)
  packet.writeUInt32LE(1_500_000, 8)
  packet.writeUInt32LE(4, 12)
  const secrets = block(10, Buffer.alloc(3_000_000))
  const parts = [sectionHeader(), block(1, description), secrets, block(2, packet)]
  const seen = await count(await file('old.pcapng', Buffer.concat(parts)))
  assert.deepEqual(seen, { packets: 1, first: 1_794_819_901_500, last: 1_794_819_901_500 })
  const untimed = [...parts.slice(0, 2), block(3, Buffer.alloc(8))]
  await assert.rejects(count(await file('no-times.pcapng', Buffer.concat(untimed))), /no times/)
  const cut = Buffer.concat(parts.slice(0, 3)).subarray(0, -4)
  await assert.rejects(count(await file('cut.pcapng', cut)), /cut off/)
})

const rawIp = 101

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

test('frames that carry no IP are none', () => {
  const [packet] = fragmentsOf('10.0.0.1', Uint8Array.of(1), 1480)
  const others = [`${stations} 0806`, `${stations} 8864 1100 0005 0100 c021`]
  for (const front of others)
    assert.equal(readPacket(Buffer.concat([hex(front), packet!]), 1), null)
})

test('raw IP by each of its numbers', () => {
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
    assert.equal(fragments.saved, 2)
    assert.equal(readPacket(second!, rawIp), null)
  })

test('of fragments whose rest never comes no more is kept than there is room for', () => {
  const fragments = new Fragments()
  const payload = new Uint8Array(2000)
  const begun = Array.from({ length: 100 }, (_, id) => fragmentsOf('10.0.0.1', payload, 1480, id))
  const read = (packet: Uint8Array) => readPacket(packet, rawIp, fragments)
  for (const [first] of begun) assert.equal(read(first!), null)
  const whole = begun.toReversed().filter(([, second]) => read(second!) !== null)
  assert.equal(whole.length, 64)
})
