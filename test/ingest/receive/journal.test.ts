import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { appendFile, readdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'

import { parseAddress } from '../../../flow/address.ts'
import { readPacket } from '../../../ingest/capture/packet.ts'
import { readCapture } from '../../../ingest/capture/read.ts'
import { readSidecar, segments, writeSidecar } from '../../../ingest/receive/journal-files.ts'
import { readSegment } from '../../../ingest/receive/journal-read.ts'
import { Journal } from '../../../ingest/receive/journal.ts'
import { LoopDisk, noLoopDisk } from '../../loop-disk.ts'
import { scratchFolder } from '../../processes.ts'
import { until } from '../../until.ts'

const receivedMs = 1_794_819_600_123

function datagram(payload: string, source = '10.0.0.1') {
  return {
    source: parseAddress(source)!,
    destination: parseAddress(source.includes(':') ? '::1' : '10.0.0.5')!,
    sourcePort: 40_000,
    destinationPort: 2055,
    payload: new TextEncoder().encode(payload),
    isCut: false,
  }
}

interface ReadBack {
  texts: string[]
  cut: number
  damaged: number
}

async function readBack(folder: string, segment: number): Promise<ReadBack> {
  const texts: string[] = []
  const lost = { cut: 0, damaged: 0 }
  for await (const each of readSegment(folder, segment, (bytes, how) => (lost[how] += bytes))) {
    assert.equal(each.receivedMs, receivedMs)
    texts.push(new TextDecoder().decode(each.datagram.payload))
  }
  return { texts, ...lost }
}

const noCut = (bytes: number) => assert.fail(`${bytes} bytes were cut off`)
const scratch = () => scratchFolder()

test('appended datagrams are read back, with their times and endpoints, IPv4 and IPv6', async () => {
  const folder = await scratch()
  const journal = await Journal.open(folder)
  journal.append(datagram('one'), receivedMs)
  journal.append(datagram('two', '2001:db8::7'), receivedMs + 1)
  await journal.close()
  const read = []
  for await (const each of readSegment(folder, 1, noCut)) read.push(each)
  assert.deepEqual(
    read.map(({ receivedMs: t }) => t),
    [receivedMs, receivedMs + 1],
  )
  assert.deepEqual(read[0]?.datagram, datagram('one'))
  assert.deepEqual(read[1]?.datagram, datagram('two', '2001:db8::7'))
})

test('a segment has the decoder’s state as it was written, or none', async () => {
  const folder = await scratch()
  let damages = 0
  const read = () => readSidecar(folder, 1, () => damages++)
  assert.equal(await read(), undefined)
  const state = { decoder: { exporters: ['10.0.0.1', 12] } }
  await writeSidecar(folder, 1, state)
  assert.deepEqual(await read(), state)
  const path = join(folder, '000000000001.json')
  const bytes = await readFile(path)
  let tried = 0
  for (let at = bytes.indexOf('decoder'); at < bytes.length - 1; at++) {
    const damaged = Buffer.from(bytes)
    damaged[at]! ^= 1
    await writeFile(path, damaged)
    assert.equal(await read(), undefined, `byte ${at}`)
    tried++
  }
  assert.equal(damages, tried)
  // As older versions wrote it.
  await writeFile(path, JSON.stringify(state))
  assert.deepEqual(await read(), state)
})

test('a segment is a capture that the capture reader accepts', async () => {
  const folder = await scratch()
  const journal = await Journal.open(folder)
  journal.append(datagram('one'), receivedMs)
  await journal.close()
  const packets = []
  for await (const packet of readCapture(join(folder, '000000000001.pcap')))
    packets.push({ t: packet.timeMs, d: readPacket(packet.bytes, packet.linkType) })
  assert.deepEqual(packets, [{ t: receivedMs, d: datagram('one') }])
})

test('positions identify records, and covered segments are deleted', async () => {
  const folder = await scratch()
  const journal = await Journal.open(folder)
  journal.append(datagram('one'), receivedMs)
  const between = journal.position
  journal.append(datagram('two'), receivedMs)
  journal.rotate()
  journal.append(datagram('three'), receivedMs)
  await journal.release(between)
  assert.deepEqual(await segments(folder), [1, 2].slice(0, (await segments(folder)).length))
  await journal.close()
  const ends = []
  for await (const { end } of readSegment(folder, 1, noCut)) ends.push(end)
  assert.deepEqual(ends[0], between)
  assert.deepEqual((await readBack(folder, 2)).texts, ['three'])
  const again = await Journal.open(folder)
  assert.equal(again.position.segment, 3)
  await writeFile(join(folder, '000000000002.json'), 'of a segment that is not there')
  await writeFile(join(folder, '000000000002.json.part'), 'of a kill')
  await again.release(again.position)
  await again.close()
  assert.deepEqual(await readdir(folder), ['000000000003.pcap'])
})

test('a record cut off at any byte ends the segment and is counted; everything before it is intact', async () => {
  const folder = await scratch()
  const journal = await Journal.open(folder)
  for (const text of ['one', 'two', 'three']) journal.append(datagram(text), receivedMs)
  await journal.close()
  const path = join(folder, '000000000001.pcap')
  const whole = (await stat(path)).size
  const last = 16 + 28 + 'three'.length
  for (let missing = 1; missing < last; missing++) {
    await truncate(path, whole - missing)
    const { texts, cut } = await readBack(folder, 1)
    assert.deepEqual(texts, ['one', 'two'])
    assert.equal(cut, last - missing)
  }
  await truncate(path, whole - last)
  await appendFile(path, Buffer.alloc(16, 0xff))
  assert.deepEqual(await readBack(folder, 1), { texts: ['one', 'two'], cut: 16, damaged: 0 })
})

test('a segment on which the disk fails ends there, so that a start goes on', async () => {
  const folder = await scratch()
  // Where no page is mapped, the kernel answers as a disk does for a bad sector.
  await symlink('/proc/self/mem', join(folder, '000000000001.pcap'))
  const told: string[] = []
  for await (const _ of readSegment(folder, 1, (_bytes, how) => told.push(how))) assert.fail()
  assert.deepEqual(told, ['damaged'])
})

/** A segment of three records, of which the second begins at `from` and ends at `to`. */
async function threeRecords(source: string) {
  const folder = await scratch()
  const journal = await Journal.open(folder)
  journal.append(datagram('one'), receivedMs)
  const from = journal.position.offset
  journal.append(datagram('second', source), receivedMs)
  const to = journal.position.offset
  journal.append(datagram('three'), receivedMs)
  await journal.close()
  const path = join(folder, '000000000001.pcap')
  return { folder, path, bytes: await readFile(path), from, to }
}

for (const source of ['10.0.0.1', '2001:db8::7'])
  test(`a record with a wrong bit is left out, and the others are read: ${source}`, async () => {
    const { folder, path, bytes, from, to } = await threeRecords(source)
    assert.equal((await readBack(folder, 1)).texts.length, 3)
    for (let bit = 8 * from; bit < 8 * to; bit++) {
      const damaged = Buffer.from(bytes)
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      await writeFile(path, damaged)
      const expected = { texts: ['one', 'three'], cut: 0, damaged: to - from }
      assert.deepEqual(await readBack(folder, 1), expected, `bit ${bit}`)
    }
  })

test('zeros in place of records are left out; at the end they are as good as cut off', async () => {
  const { folder, path, bytes, from, to } = await threeRecords('10.0.0.1')
  await writeFile(path, Buffer.from(bytes).fill(0, from, to))
  assert.deepEqual(await readBack(folder, 1), { texts: ['one', 'three'], cut: 0, damaged: to - from }) // prettier-ignore
  for (let at = from; at < bytes.length; at++) {
    const zeros = bytes.length - at + 100
    await writeFile(path, Buffer.concat([bytes.subarray(0, at), Buffer.alloc(zeros)]))
    const { texts, cut, damaged } = await readBack(folder, 1)
    assert.deepEqual(texts, at < to ? ['one'] : ['one', 'second'], `from ${at} on`)
    assert.ok(damaged === 0 && cut >= zeros)
  }
})

test('records of older versions, without checksums, are read', async () => {
  const { folder, path, bytes } = await threeRecords('2001:db8::7')
  let at = 24
  for (const [headerBytes, identification, payload] of [
    [20, 4, 3],
    [40, 2, 6],
    [20, 4, 5],
  ] as const) {
    const packet = at + 16
    const before = bytes.readUInt16BE(packet + identification)
    bytes.writeUInt16BE(0, packet + identification)
    // As if the identification had not been added to it.
    if (headerBytes === 20) {
      const sum = 0xffff - bytes.readUInt16BE(packet + 10) - before
      bytes.writeUInt16BE(0xffff - (sum < 0 ? sum + 0xffff : sum), packet + 10)
    }
    bytes.writeUInt16BE(0, packet + headerBytes + 6)
    at = packet + headerBytes + 8 + payload
  }
  await writeFile(path, bytes)
  assert.deepEqual((await readBack(folder, 1)).texts, ['one', 'second', 'three'])
})

/** Why it cannot be determined how much of a folder's files is in the page cache, or false. */
function unseen(): string | false {
  const memory = 0x01021994
  if (statfsSync(tmpdir()).type === memory) return 'temporary files are in memory'
  return spawnSync('fincore', ['--version']).status !== 0 && 'fincore is missing'
}

test('what is on disk does not stay in memory', { skip: unseen() }, async () => {
  const folder = await scratch()
  const journal = await Journal.open(folder)
  const big = datagram('x'.repeat(1400))
  const path = join(folder, '000000000001.pcap')
  const held = () => Number(execFileSync('fincore', ['-b', '-n', '-o', 'RES', path], { encoding: 'utf8' })) // prettier-ignore
  for (let i = 0; i < 20_000; i++) journal.append(big, receivedMs)
  journal.flush()
  const mostMs = performance.now() + 60_000
  while (held() > 1 << 20 && performance.now() < mostMs) await setTimeout(50)
  const [bytes, left] = [(await stat(path)).size, held()]
  await journal.close()
  assert.ok(bytes > 25 << 20 && left <= 1 << 20, `of ${bytes} bytes ${left} are held`)
  assert.equal((await readBack(folder, 1)).texts.length, 20_000)
})

test(
  'a full disk is counted and reported, and a new segment continues',
  { skip: process.getuid?.() !== 0 && 'mounting a small disk takes root' },
  async () => {
    const mount = await scratch()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount])
    try {
      const journal = await Journal.open(mount)
      const big = datagram('x'.repeat(1400))
      for (let i = 0; i < 2000; i++) journal.append(big, receivedMs)
      // The segment is given up.
      await until(() => journal.isFull)
      journal.append(big, receivedMs)
      assert.ok(journal.counters.dropped > 0)
      assert.match(journal.counters.lastError ?? '', /ENOSPC|part/)
      for (let tries = 0; tries < 3; tries++) assert.equal(journal.rotate(), false)
      assert.equal(journal.position.segment, 1, 'a segment that is not there has no number')
      await assert.rejects(writeSidecar(mount, 4, { templates: [] }), { code: 'ENOSPC' })
      await assert.rejects(Journal.open(mount), { remedy: /^make room/ })
      assert.deepEqual(await readdir(mount), ['000000000001.pcap'], 'a try that failed left a file')
      for (const name of await readdir(mount))
        if (name.endsWith('.pcap')) await truncate(join(mount, name), 24)
      journal.rotate()
      journal.append(datagram('after'), receivedMs)
      await journal.close()
      assert.deepEqual((await readBack(mount, 2)).texts, ['after'])
    } finally {
      execFileSync('umount', [mount])
    }
  },
)

test(
  'a sync that fails is told: what was written is not on the disk',
  { skip: noLoopDisk },
  async (t) => {
    const disk = await LoopDisk.mount({ megabytes: 64, real: 8 })
    t.after(() => disk.unmount())
    const journal = await Journal.open(disk.path)
    const big = datagram('x'.repeat(1400))
    for (let i = 0; i < 15_000; i++) journal.append(big, receivedMs)
    await journal.close()
    assert.equal(journal.counters.dropped, 0)
    assert.match(journal.counters.failedSync?.reason ?? '', /EIO|ENOSPC/)
  },
)
