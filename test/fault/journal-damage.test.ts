/** A journal that the disk has damaged: only what is damaged is lost, and that is said. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { encodeV5 } from '../encode/fixed.ts'
import { RunningIngest, scratchFolder } from '../processes.ts'
import { archiveSums } from '../stored.ts'
import { until } from '../until.ts'

const exporter = '127.0.0.1'

test('a wrong bit in the journal loses one datagram, which is counted as lost', async () => {
  const socket = createSocket('udp4')
  let data = ''
  let sent = 0
  const send = async (ingest: RunningIngest, count: number) => {
    for (const end = sent + count; sent < end; sent++) {
      const payload = encodeV5({ sequence: sent }, [{}])
      await new Promise((resolve) => socket.send(payload, ingest.port, exporter, resolve))
    }
    return ingest.until(({ exporters }) => exporters[0]?.datagrams === sent)
  }
  // What is published is not replayed: if that happens in between, it is tried again.
  await until(async () => {
    data = await scratchFolder()
    sent = 0
    const ingest = await RunningIngest.start(data)
    await send(ingest, 9)
    await ingest.stop('SIGKILL')
    return (await archiveSums(data)).flows === 0
  })
  const journal = await open(join(data, 'journal', '000000000001.pcap'), 'r+')
  const { size } = await journal.stat()
  const byte = Buffer.alloc(1)
  await journal.read(byte, 0, 1, Math.floor(size / 2))
  byte[0]! ^= 1
  await journal.write(byte, 0, 1, Math.floor(size / 2))
  await journal.close()

  const ingest = await RunningIngest.start(data)
  const { exporters, warnings } = await ingest.until((status) => status.exporters.length > 0)
  assert.deepEqual([exporters[0]!.datagrams, exporters[0]!.lost.flows], [8, 1])
  assert.match(
    warnings.map(({ what }) => what).join('\n'),
    /^\d+ bytes of the journal were damaged at the start, and their flows lost$/m,
  )
  await ingest.stop()
  socket.close()
  assert.equal((await archiveSums(data)).flows, 8)
})
