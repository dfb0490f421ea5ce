/** What a running collector reports about itself, on its socket and at /metrics. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdir, rm, symlink } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'

import { encodeV5 } from '../../encode/fixed.ts'
import { rememberExporters } from '../../../ingest/status/kept-status.ts'
import { exporterStatus } from '../../exporter-status.ts'
import { freeTcpPort } from '../../free-port.ts'
import { replayMonday } from '../../monday.ts'
import { RunningIngest, scratchFolder } from '../../processes.ts'

async function send(port: number, datagrams: readonly Uint8Array[]): Promise<void> {
  const socket = createSocket('udp4')
  for (const datagram of datagrams)
    await new Promise((resolve) => {
      socket.send(datagram, port, '127.0.0.1', resolve)
    })
  socket.close()
}

test('flows, loss and bad input are counted per exporter, in status and in metrics', async () => {
  const metricsPort = await freeTcpPort()
  const ingest = await RunningIngest.start(await scratchFolder(), {
    WEIR_METRICS: `127.0.0.1:${metricsPort}`,
  })
  const flow = { octets: 1000, packets: 2 }
  const exportMs = Date.now()
  await send(ingest.port, [
    encodeV5({ sequence: 0, exportMs }, [flow, flow]),
    encodeV5({ sequence: 12, exportMs }, [flow]),
    new TextEncoder().encode('this is no flow datagram at all'),
  ])
  const { exporters, sockets } = await ingest.until(
    ({ exporters: [first] }) => first?.datagrams === 3,
  )
  const [exporter] = exporters
  assert.ok(exporter)
  assert.equal(exporter.address, '127.0.0.1')
  assert.deepEqual([exporter.flows, exporter.packets, exporter.bytes], [3, 6, 3000])
  assert.equal(exporter.lost.flows, 10)
  assert.equal(
    Object.values(exporter.problems).reduce((sum, count) => sum + count, 0),
    1,
  )
  assert.ok(
    sockets.every(
      ({ receiveBufferBytes, kernelDrops }) => receiveBufferBytes > 0 && kernelDrops === 0,
    ),
  )

  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
  assert.match(metrics, /^weir_datagrams_total\{exporter="127\.0\.0\.1"\} 3$/m)
  assert.match(metrics, /^weir_flows_total\{exporter="127\.0\.0\.1"\} 3$/m)
  assert.match(metrics, /^weir_bytes_total\{exporter="127\.0\.0\.1"\} 3000$/m)
  assert.match(metrics, /^weir_lost_flows_total\{exporter="127\.0\.0\.1"\} 10$/m)
  assert.match(metrics, /^weir_problems_total\{exporter="127\.0\.0\.1",kind="[a-z-]+"\} 1$/m)
  assert.match(metrics, /^weir_journal_datagrams_total 3$/m)
  assert.equal((await ingest.stop()).code, 0)
})

test('a receive buffer limited by the kernel is a warning that names the sysctl', async () => {
  const ingest = await RunningIngest.start(await scratchFolder(), { WEIR_RECEIVE_BUFFER: '900MB' })
  const { warnings } = await ingest.status()
  assert.match(
    warnings.map(({ remedy }) => remedy).join(),
    /sysctl -w net\.core\.rmem_max=900000000/,
  )
  await ingest.stop()
})

test('a taken metrics port is a warning, and collecting goes on', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ingest = await RunningIngest.start(await scratchFolder(), {
    WEIR_METRICS: `127.0.0.1:${port}`,
  })
  assert.match(
    JSON.stringify((await ingest.status()).warnings),
    /metrics is not served.*WEIR_METRICS/,
  )
  await ingest.stop()
  server.close()
})

test('a taken sFlow port is a warning; NetFlow is collected all the same', async () => {
  const holder = createSocket('udp4').bind(0, '127.0.0.1')
  await once(holder, 'listening')
  const ingest = await RunningIngest.start(await scratchFolder(), {
    WEIR_SFLOW: `127.0.0.1:${holder.address().port}`,
  })
  const { warnings, sockets } = await ingest.status()
  assert.match(JSON.stringify(warnings), /cannot be listened on.*EADDRINUSE/)
  assert.equal(sockets.length, 2)
  await ingest.stop()
  holder.close()
})

test('exporters from before the start are listed, in the order of those that send', () => {
  const of = (address: string, firstSeen: number, lastSeen: number, datagrams = 1) => ({
    ...exporterStatus,
    address,
    firstSeen,
    lastSeen,
    datagrams,
  })
  const earlier = [of('192.0.2.1', 100, 200, 7), of('192.0.2.2', 50, 90), of('192.0.2.3', 60, 99)]
  const told = rememberExporters(earlier, [of('192.0.2.9', 300, 400), of('192.0.2.1', 290, 400, 3)])
  assert.deepEqual(
    told.map(({ address, firstSeen, datagrams }) => [address, firstSeen, datagrams]),
    [
      ['192.0.2.9', 300, 1],
      ['192.0.2.1', 100, 3],
      ['192.0.2.3', 60, 1],
      ['192.0.2.2', 50, 1],
    ],
  )
})

test('a collector that starts on a replayed folder knows who sent', async () => {
  const data = await scratchFolder()
  await replayMonday({ WEIR_DATA: data })
  for (let start = 0; start < 2; start++) {
    const ingest = await RunningIngest.start(data)
    const { exporters } = await ingest.status()
    assert.deepEqual(
      exporters.map(({ address, datagrams }) => [address, datagrams]),
      [['10.0.0.1', 7057]],
    )
    // First and last seen by the times of its flows: within the last week.
    const { firstSeen, lastSeen } = exporters[0]!
    assert.equal(Math.round((lastSeen - firstSeen) / 3600), 4)
    assert.ok(Date.now() / 1000 - lastSeen < 8 * 86_400, `seen at ${lastSeen}`)
    await ingest.stop()
  }
})

test('that the list of exporters cannot be saved is a warning', async () => {
  const data = await scratchFolder()
  const part = join(data, 'state', 'exporters.json.part')
  await mkdir(join(data, 'state'), { mode: 0o700 })
  await symlink('/dev/full', part)
  const ingest = await RunningIngest.start(data)
  await ingest.until(({ warnings }) =>
    warnings.some(({ what }) =>
      what.startsWith('the list of exporters could not be saved: ENOSPC'),
    ),
  )
  await rm(part)
  await ingest.stop()
})
