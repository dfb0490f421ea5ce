/** An InfluxDB that cannot be reached, from the start of ingest on: its series wait on disk. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { join } from 'node:path'
import { test } from 'node:test'

import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { Spool } from '../../store/spool/spool.ts'
import { encodeV5, testUptimeMs } from '../encode/fixed.ts'
import { freeTcpPort } from '../free-port.ts'
import { RunningIngest, scratchFolder } from '../processes.ts'

test('a flow that began before the start does not keep the others out of the spool', async () => {
  const data = await scratchFolder()
  const ingest = await RunningIngest.start(data, {
    WEIR_STORE: 'influx',
    WEIR_INFLUX_URL: `http://127.0.0.1:${await freeTcpPort()}`,
    WEIR_INFLUX_TOKEN: 'of-the-test',
  })
  const now = Date.now()
  const uptimeMs = testUptimeMs
  const long = { first: uptimeMs - intervalMs - 1000, last: uptimeMs }
  const short = { first: uptimeMs, last: uptimeMs }
  const socket = createSocket('udp4')
  socket.send(encodeV5({ exportMs: now, uptimeMs }, [long, short]), ingest.port, '127.0.0.1')
  await ingest.until(({ flows }) => flows === 2)
  socket.close()
  const { code } = await ingest.stop()
  assert.equal(code, 0)
  const spool = await Spool.open(join(data, 'influx'), {
    bytesMax: 1e9,
    wholeFrom: now,
    now: Date.now,
  })
  const newest = spool.oldestPending
  await spool.close()
  assert.ok(newest !== null && newest >= intervalStart(now), `the spool has ${newest}`)
})
