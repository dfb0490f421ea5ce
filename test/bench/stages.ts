/**
 * The cost of each stage after the socket, separately, on the flows of the load generator:
 * CPU-seconds per million flows on one core, the best and the median of several rounds over the
 * same datagrams. `node stages.ts [v5|v9|ipfix] [HOSTS] [EXPORTERS]` prints JSON.
 */
import { NetworkSet } from '../../flow/address.ts'
import { createFlowColumns, recycleFlowColumns, type FlowColumns } from '../../flow/columns.ts'
import { Buckets } from '../../ingest/buckets/buckets.ts'
import { Decoder } from '../../ingest/decode/decoder.ts'
import { decoderRowsMax } from '../../ingest/decode/limits.ts'
import type { PlacedDatagram } from '../../ingest/decode/datagram.ts'
import { DoubleExportSketch } from '../../ingest/exporters/double-export.ts'
import { LiveRing } from '../../ingest/live/ring.ts'
import { blockOf, type FlowBlock } from '../../store/archive/columns.ts'
import { parquetFile } from '../../store/archive/format/parquet-file.ts'
import { chunksOf, summaryOf } from '../../store/archive/write/waiting.ts'
import { encodeFlows, sequenceStep, setHeader, type LoadVersion } from '../load/datagrams.ts'
import { makeFlows } from '../load/flows.ts'
import { readSettings } from '../settings.ts'

export interface StageSpeed {
  stage: string
  /** CPU-seconds per million flows. */
  best: number
  median: number
}

/** At least; as many as there are hosts, so that each takes part. */
const flowsMade = 491_520
const blockRows = 16_384

/** One stage, called with a block of rows. */
type Stage = (flows: FlowColumns) => void

/** Measures all stages over `rounds` rounds of the generated flows. */
function measureStages(
  version: LoadVersion,
  { hosts, exporters, rounds }: { hosts: number; exporters: number; rounds: number },
): StageSpeed[] {
  const nowMs = Date.now()
  const datagrams = encodeFlows(makeFlows(Math.max(flowsMade, hosts), hosts, 1), version, {
    nowMs,
    exporters,
  })
  const placed = place(datagrams.payloads, exporters, nowMs)
  const local = new NetworkSet(readSettings({}).local.networks)
  const buckets = new Buckets({
    local,
    flowMaxMs: 604_800_000,
    wholeFrom: Number.NEGATIVE_INFINITY,
  })
  const doubles = new DoubleExportSketch()
  const live = new LiveRing(local)
  let blocks: FlowBlock[] = []
  const stages: [name: string, stage: Stage][] = [
    ['doubles', (flows) => doubles.take(flows)],
    ['buckets', (flows) => buckets.add(flows)],
    ['live', (flows) => live.add(flows)],
    ['hand over', (flows) => void blocks.push(blockOf(flows))],
  ]
  const flows = createFlowColumns(blockRows + decoderRowsMax)
  const decoder = new Decoder(flows, { onSequence: () => {} })
  const seconds = new Map<string, number[]>(['decode', ...stages.map(([name]) => name), 'archive'].map((name) => [name, []])) // prettier-ignore
  const sequences = new Float64Array(exporters)
  for (let round = 0; round < rounds; round++) {
    const spent = new Map<string, number>()
    const time = (name: string, work: () => void) => {
      const before = process.threadCpuUsage()
      work()
      const { user, system } = process.threadCpuUsage(before)
      spent.set(name, (spent.get(name) ?? 0) + user + system)
    }
    let counted = 0
    const drain = () => {
      counted += flows.count
      for (const [name, stage] of stages) time(name, () => stage(flows))
      recycleFlowColumns(flows)
    }
    for (const [i, payload] of datagrams.payloads.entries()) {
      const exporter = i % exporters
      setHeader(datagrams, payload, { sequence: sequences[exporter]!, nowMs, elapsedMs: 0 })
      sequences[exporter]! += sequenceStep(version)
    }
    for (let at = 0; at < placed.length;) {
      time('decode', () => {
        while (at < placed.length && flows.count < blockRows) decoder.decodePlaced(placed[at++]!)
      })
      drain()
    }
    time('archive', () => {
      for (const { parts } of chunksOf(blocks)) {
        summaryOf(parts)
        parquetFile(parts)
      }
    })
    blocks = []
    for (const [name, micros] of spent) seconds.get(name)!.push(micros / counted)
  }
  return [...seconds].map(([stage, each]) => {
    const sorted = each.slice(1).toSorted((a, b) => a - b)
    return { stage, best: sorted[0]!, median: sorted[sorted.length >> 1]! }
  })
}

/** The payloads in one buffer, as the receiving thread passes them on; `payloads` become views of it. */
function place(payloads: Buffer[], exporters: number, receivedMs: number): PlacedDatagram[] {
  const buffer = Buffer.concat(payloads)
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
  let offset = 0
  return payloads.map((payload, i) => {
    const { length } = payload
    payloads[i] = buffer.subarray(offset, offset + length)
    offset += length
    const source = `127.0.0.${1 + (i % exporters)}`
    return { view, offset: offset - length, length, source, sourcePort: 4000, receivedMs }
  })
}

if (import.meta.main) {
  const [version = 'v5', hosts = '100000', exporters = '1', rounds = '12'] = process.argv.slice(2)
  const options = { hosts: Number(hosts), exporters: Number(exporters), rounds: Number(rounds) }
  console.log(JSON.stringify(measureStages(version as LoadVersion, options)))
}
