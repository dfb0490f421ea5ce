import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { readFileSync } from 'node:fs'

import { readPacket, sourceText } from '../../ingest/capture/packet.ts'
import { CutCapture, NotACapture, openCapture, readCapture } from '../../ingest/capture/read.ts'
import { wholePackets } from '../../ingest/capture/whole-packets.ts'
import { scratchFolder } from '../processes.ts'
import { until } from '../until.ts'

const rawIp = 101
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
  const path = join(await scratchFolder(), name)
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

/** The first block of a pcapng. */
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

test('the story is read completely, compressed or plain, and as pcapng', async () => {
  const expected = { packets: 7057, first: 1_794_819_660_000, last: 1_794_834_000_000 }
  const gzipped = await count(story)
  assert.equal(gzipped.packets, expected.packets)
  const plain = gunzipSync(readFileSync(story))
  assert.deepEqual(await count(await file('plain.pcap', plain)), gzipped)
  assert.deepEqual(await count(await file('packed.pcap.zst', zstdCompressSync(plain))), gzipped)
  const some = await count(await file('some.pcapng', toPcapng(plain, 100)))
  assert.deepEqual(
    { packets: some.packets, first: some.first },
    { packets: 100, first: gzipped.first },
  )
})

test('its packets hold the exporter’s datagrams', async () => {
  for await (const packet of readCapture(story)) {
    const datagram = readPacket(packet.bytes, packet.linkType)
    assert.ok(datagram)
    assert.equal(sourceText(datagram), '10.0.0.1')
    assert.equal(datagram.destinationPort, 2055)
    break
  }
})

test('a file that is not a capture is refused with what it is', async () => {
  const plain = gunzipSync(readFileSync(story))
  const cases: [string, Uint8Array, RegExp][] = [
    ['empty', new Uint8Array(0), /empty/],
    ['text', Buffer.from('hello, this is no capture'), /starts with/],
    ['header', plain.subarray(0, 20), /cut off/],
    ['cut', plain.subarray(0, 200), /cut off/],
    ['torn gzip', gzipSync(plain).subarray(0, 5000), /compressed stream is broken/],
    ['torn zstd', zstdCompressSync(plain).subarray(0, 5000), /compressed stream is broken/],
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

test('concatenated captures, each with its own byte order, time unit and link layer', async () => {
  const plain = gunzipSync(readFileSync(story))
  const first = plain.subarray(0, 24 + 16 + plain.readUInt32LE(24 + 8))
  const header = Buffer.alloc(24)
  header.writeUInt32BE(0xa1b23c4d, 0)
  header.writeUInt16BE(2, 4)
  header.writeUInt16BE(4, 6)
  header.writeUInt32BE(rawIp, 20)
  const record = Buffer.alloc(16)
  record.writeUInt32BE(1_794_819_999, 0)
  record.writeUInt32BE(5_000_000, 4)
  record.writeUInt32BE(4, 8)
  const other = Buffer.concat([header, record, Buffer.alloc(4)])
  const path = await file('both.pcap', Buffer.concat([first, other, first]))
  const seen: [number, number][] = []
  for await (const { timeMs, linkType } of readCapture(path)) seen.push([timeMs, linkType])
  const own = [1_794_819_660_000, plain.readUInt32LE(20)]
  assert.deepEqual(seen, [own, [1_794_819_999_005, rawIp], own])
})

test('a capture that ends within a packet is read up to there, and the truncation is reported', async () => {
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

test('pcapng: times from an offset, older packet blocks, and long blocks without packets', async () => {
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

test('a compressed capture of which only the start is read is closed', async () => {
  const path = await file('large.pcap.gz', gzipSync(randomBytes(8 << 20), { level: 0 }))
  const unpacked = await openCapture(path)
  for await (const chunk of unpacked) {
    assert.ok(chunk.length > 0)
    break
  }
  const open = async () => {
    const files = await readdir('/proc/self/fd')
    const names = await Promise.all(files.map((each) => readlink(`/proc/self/fd/${each}`).catch(() => ''))) // prettier-ignore
    return names.includes(path)
  }
  await until(async () => !(await open()))
})
