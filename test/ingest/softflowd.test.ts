/**
 * A live exporter: real packets through a real softflowd, in v5, v9 and IPFIX in turn, to a running
 * collector; totals equal softflowd's own count.
 */
import { pcapHeader } from '../encode/pcap-write.ts'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { RunningIngest, scratchFolder } from '../processes.ts'
import { skipWithout } from '../setup/parts.ts'
import { archiveSums, seriesSums } from '../stored.ts'

const skip = skipWithout('softflowd')
const packets = 5000

/** A pcap of TCP and UDP packets of the last minute between fifty hosts and a few sites. */
function packetsPcap(nowMs: number): Buffer {
  const records = [pcapHeader(1)]
  for (let i = 0; i < packets; i++) {
    const isTcp = i % 3 !== 0
    const transport = isTcp ? 20 : 8
    const length = 20 + transport + ((i * 37) % 1400)
    const bytes = Buffer.alloc(16 + 14 + length)
    const timeMs = nowMs - 60_000 + i * 10
    bytes.writeUInt32LE(Math.floor(timeMs / 1000), 0)
    bytes.writeUInt32LE((timeMs % 1000) * 1000, 4)
    bytes.writeUInt32LE(14 + length, 8)
    bytes.writeUInt32LE(14 + length, 12)
    bytes.writeUInt16BE(0x0800, 28)
    const ip = 30
    bytes.writeUInt16BE(0x4500, ip)
    bytes.writeUInt16BE(length, ip + 2)
    bytes.writeUInt16BE((64 << 8) | (isTcp ? 6 : 17), ip + 8)
    bytes.writeUInt32BE(0x0a00000a + (i % 50), ip + 12)
    bytes.writeUInt32BE(0xcb007100 + (i % 7), ip + 16)
    bytes.writeUInt16BE(40_000 + (i % 400), ip + 20)
    bytes.writeUInt16BE(isTcp ? 443 : 53, ip + 22)
    if (isTcp) bytes.writeUInt16BE(0x5010, ip + 32)
    else bytes.writeUInt16BE(length - 20, ip + 24)
    records.push(bytes)
  }
  return Buffer.concat(records)
}

/** softflowd's own report, at its end, of what it exported. */
function countOf(output: string): { flows: number; packets: number; bytes: number } {
  const exported = /Flows exported: (\d+)/.exec(output)
  assert.ok(exported, output)
  let bytes = 0
  let counted = 0
  for (const [, octets, each] of output.matchAll(/^\s+\S+ \(\d+\):\s+(\d+)\s+(\d+)/gm)) {
    bytes += Number(octets)
    counted += Number(each)
  }
  return { flows: Number(exported[1]), packets: counted, bytes }
}

for (const version of ['5', '9', '10'])
  test(`softflowd -v ${version}: its own counts are what is stored`, { skip }, async () => {
    const data = await scratchFolder()
    const pcap = join(data, 'packets.pcap')
    await writeFile(pcap, packetsPcap(Date.now()))
    const ingest = await RunningIngest.start(join(data, 'data'))
    const output = execFileSync(
      'softflowd',
      `-d -r ${pcap} -v ${version} -n 127.0.0.1:${ingest.port} -p ${data}/softflowd.pid -c none`.split(
        ' ',
      ),
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000 },
    )
    const counted = countOf(output)
    assert.equal(counted.packets, packets)
    const status = await ingest.until(({ exporters }) => exporters[0]?.packets === packets)
    assert.deepEqual(status.exporters[0]!.problems, {})
    assert.equal(status.exporters[0]!.lost.flows, 0)
    assert.equal((await ingest.stop()).code, 0)
    const archived = await archiveSums(join(data, 'data'))
    assert.deepEqual(archived, {
      bytes: counted.bytes,
      packets: counted.packets,
      flows: archived.flows,
    })
    // v5 has one record per direction, as softflowd counts them; so have v9 and IPFIX.
    assert.ok(archived.flows >= counted.flows)
    for (const [tier, sums] of Object.entries(await seriesSums(join(data, 'data'))))
      assert.deepEqual(sums, archived, tier)
  })
