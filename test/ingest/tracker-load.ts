/** Many trackers at a high flow rate: losses, and the cost per flow and tracker. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { createFlowColumns } from '../../flow/columns.ts'
import { FollowedTrackers } from '../../ingest/trackers/followed.ts'
import type { StateDocument } from '../../store/state/state.ts'
import { StateStore } from '../../store/state/files.ts'
import { withFilter, type KeptTracker } from '../../store/tracker.ts'
import { encodeV5 } from '../encode/fixed.ts'
import { RunningIngest, scratchFolder } from '../processes.ts'

interface Load {
  trackers: number
  flowsPerSecond: number
  seconds: number
}

/** Flows per datagram: the most that v5 allows. */
const flowsPerDatagram = 30
/** Datagrams sent between two checks of the clock. */
const burst = 8

/** The filter of tracker n: of the kinds that people follow. */
function filterOf(n: number): string {
  const [high, low] = [n >> 8, n & 255]
  return [
    `dst host 10.${high}.${low}.7`,
    `net 10.${high}.${low}.0/24 and proto tcp`,
    `dst port ${1024 + n} and src net 203.0.113.0/24`,
    `proto udp and (port ${n} or host 10.0.${low}.1)`,
  ][n % 4]!
}

function trackerOf(n: number): { id: string; body: KeptTracker } {
  const filter = filterOf(n)
  const spans = withFilter([], { filter, canonical: filter }, { from: Date.now(), now: Date.now() })
  const body: KeptTracker = { name: `T${n}`, group: null, side: 'above', author: 'test', spans }
  return { id: `t${n}`, body }
}

/** Sends flows to an ingest that follows trackers, and asserts that each was counted. */
export async function runLoad(t: TestContext, load: Load): Promise<void> {
  const data = await scratchFolder()
  const state = await StateStore.open(data)
  assert.ok(state)
  for (let n = 0; n < load.trackers; n++)
    await state.change({ collection: 'trackers', ...trackerOf(n) })
  await state.close()
  const ingest = await RunningIngest.start(data)
  const before = process.cpuUsage()
  const sent = await send(ingest.port, load)
  const own = process.cpuUsage(before)
  const status = await ingest.until(({ flows }) => flows >= sent.flows)
  const [exporter] = status.exporters
  const drops = status.sockets.reduce((sum, { kernelDrops }) => sum + (kernelDrops ?? 0), 0)
  t.diagnostic(
    `${load.trackers} trackers, ${sent.flows} flows in ${sent.seconds.toFixed(1)} s ` +
      `(${Math.round(sent.flows / sent.seconds)}/s): ${exporter!.lost.datagrams} datagrams lost, ` +
      `${drops} dropped by the kernel; the sender took ${Math.round((own.user + own.system) / 1000)} ms`,
  )
  assert.equal(status.flows, sent.flows)
  assert.equal(exporter!.lost.datagrams, 0)
  assert.equal(drops, 0)
  assert.deepEqual(status.trackers?.problems, {})
  await ingest.stop()
}

async function send(
  port: number,
  { flowsPerSecond, seconds }: Load,
): Promise<{ flows: number; seconds: number }> {
  const socket = createSocket('udp4')
  const wanted = flowsPerSecond * seconds
  const started = performance.now()
  let flows = 0
  while (flows < wanted) {
    const due = ((performance.now() - started) / 1000) * flowsPerSecond
    if (flows > due) {
      await sleep(2)
      continue
    }
    for (let i = 0; i < burst && flows < wanted; i++, flows += flowsPerDatagram) {
      const records = Array.from({ length: flowsPerDatagram }, (_, at) => ({
        source: `203.0.113.${at}`,
        destination: `10.${flows & 3}.${(flows >> 2) & 255}.7`,
        destinationPort: 1024 + ((flows + at) & 1023),
        protocol: at % 3 === 0 ? 17 : 6,
      }))
      const datagram = encodeV5({ sequence: flows, exportMs: Date.now() }, records)
      await new Promise<void>((resolve, reject) => {
        socket.send(datagram, port, '127.0.0.1', (error) => (error ? reject(error) : resolve()))
      })
    }
  }
  socket.close()
  return { flows, seconds: (performance.now() - started) / 1000 }
}

/** CPU time per flow and tracker, ns: the best of some rounds. */
export function costPerFlowAndTracker(trackers: number): number {
  const rows = 16_384
  const flows = createFlowColumns(rows)
  for (let i = 0; i < rows; i++) {
    flows.sourceAddressLow[2 * i] = 0xcb007100 | (i & 255)
    flows.sourceAddressLow[2 * i + 1] = 0xffff
    flows.destinationAddressLow[2 * i] = 0x0a000000 | ((i * 2_654_435) & 0xffffff)
    flows.destinationAddressLow[2 * i + 1] = 0xffff
    flows.destinationTransportPort[i] = 1024 + (i & 1023)
    flows.protocolIdentifier[i] = i % 3 === 0 ? 17 : 6
  }
  flows.count = rows
  const followed = new FollowedTrackers()
  const documents = Array.from({ length: trackers }, (_, n): StateDocument<KeptTracker> => ({
    ...trackerOf(n),
    revision: 1,
    createdAt: 0,
    changedAt: 0,
  }))
  followed.follow(documents)
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round++) {
    const before = process.cpuUsage()
    let matches = 0
    followed.forEach(flows, () => matches++)
    const { user, system } = process.cpuUsage(before)
    assert.ok(matches > 0)
    best = Math.min(best, ((user + system) * 1000) / (rows * trackers))
  }
  return best
}
