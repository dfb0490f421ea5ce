import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { appendFile, mkdtemp, readdir, stat, truncate } from 'node:fs/promises'
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

async function readBack(
  folder: string,
  segment: number,
): Promise<{ texts: string[]; cut: number }> {
  const texts: string[] = []
  let cut = 0
  for await (const each of readSegment(folder, segment, (bytes) => (cut += bytes)))
    texts.push(new TextDecoder().decode(each.datagram.payload))
  return { texts, cut }
}

const noCut = (bytes: number) => assert.fail(`${bytes} bytes were cut off`)
const scratch = () => mkdtemp(join(tmpdir(), 'weir-journal-'))

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
  assert.equal(await readSidecar(folder, 1), undefined)
  writeSidecar(folder, 1, { state: 1 })
  assert.deepEqual(await readSidecar(folder, 1), { state: 1 })
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
  await again.release(again.position)
  await again.close()
  assert.deepEqual(await segments(folder), [3])
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
  assert.deepEqual(await readBack(folder, 1), { texts: ['one', 'two'], cut: 16 })
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
  const mostMs = performance.now() + 10_000
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
      await setTimeout(1300)
      assert.ok(journal.isFull, 'the segment is given up')
      journal.append(big, receivedMs)
      assert.ok(journal.counters.dropped > 0)
      assert.match(journal.counters.lastError ?? '', /ENOSPC|part/)
      for (let tries = 0; tries < 3; tries++) journal.rotate()
      assert.throws(() => writeSidecar(mount, 4, { templates: [] }), { code: 'ENOSPC' })
      await assert.rejects(Journal.open(mount), { remedy: /^make room/ })
      assert.deepEqual(await readdir(mount), ['000000000001.pcap'], 'a try that failed left a file')
      for (const name of await readdir(mount))
        if (name.endsWith('.pcap')) await truncate(join(mount, name), 24)
      journal.rotate()
      journal.append(datagram('after'), receivedMs)
      await journal.close()
      assert.deepEqual((await readBack(mount, 5)).texts, ['after'])
    } finally {
      execFileSync('umount', [mount])
    }
  },
)
