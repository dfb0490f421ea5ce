/**
 * Completes every row with what its record does not say: exporter, receive time, sampling, valid
 * times.
 */
import type { FlowColumns } from '../../flow/columns.ts'
import type { Batch } from './steps/batch.ts'
import type { DatagramContext } from './context.ts'
import { clockToleranceMs, countMax } from './limits.ts'
import {
  finishTimes,
  zeroIsAbsentAfterMs,
  type TimeContext,
  type TimeFaults,
} from './steps/times.ts'
import { exporterHighColumn, icmpColumn } from './steps/touched.ts'
import { fillRates, rateOfRows } from './row-rates.ts'
import { takeInside } from './translated.ts'
import type { CompiledTemplate, ScratchColumns } from './templates/template.ts'

const icmp = 1
const icmp6 = 58
/** Bits of batch.protocolBits (protocols mod 32) that may be ICMP or ICMPv6. */
const icmpBits = (1 << icmp) | (1 << icmp6)

/** A single object, reused for every set. */
export interface FinishState extends TimeContext {
  scratch: ScratchColumns
  finish: FinishLoop
}

type FinishLoop = (context: DatagramContext, state: FinishState, from: number) => void

/** Sets the values common to all rows of the batch, before its steps run. */
export function beginRows(
  batch: Batch,
  context: DatagramContext,
  compiled: CompiledTemplate,
): void {
  const { exporter, stream, receivedMs } = context
  const mayBeAbsent = compiled.usesUptime && batch.uptimeMs > zeroIsAbsentAfterMs
  batch.zeroUptimeMs = mayBeAbsent ? Math.max(0, batch.exportMs - batch.uptimeMs) : 0
  batch.latestMs = context.skewMs === 0 ? receivedMs + clockToleranceMs : -1
  batch.isOdd = false
  batch.domain = stream.domain
  batch.exporterUpper = exporter.words[2]
  batch.exporterLower = exporter.words[3]
  batch.rate = rateOfRows(context, compiled, batch.records)
}

/** Completes rows [from, flows.count), which a template's steps have filled. */
export function finishRows(
  state: FinishState,
  context: DatagramContext,
  compiled: CompiledTemplate,
  from: number,
): void {
  const { flows, exporter } = context
  const { batch } = state
  if (compiled.translatesDestination) takeInside(context, from)
  const to = flows.count
  state.skewMs = context.skewMs
  state.durations = compiled.hasDurations ? state.scratch.flowDurationMs : null
  if (exporter.isIPv6) fillIPv6(context, from, to)
  if (compiled.icmpInPort && !(compiled.tellsProtocols && (batch.protocolBits & icmpBits) === 0))
    takeIcmpFromPort(context, from, to)
  const isFinished = compiled.finishes && batch.rate > 0 && context.skewMs === 0
  const bytes = batch.octets * batch.rate
  const packets = batch.packets * batch.rate
  if (isFinished && !batch.isOdd && bytes <= countMax && packets <= countMax) {
    exporter.flows += to - from
    exporter.bytes += bytes
    exporter.packets += packets
    exporter.lastRate = batch.rate
    return
  }
  if (compiled.hasSection && !compiled.hasPackets) flows.packetDeltaCount.fill(1, from, to)
  fillRates(state.scratch, context, compiled, from)
  state.finish(context, state, from)
  const { faults } = state
  if (faults.missing + faults.reversed + faults.inFuture + faults.corrected > 0)
    countTimeFaults(context, faults)
}

/**
 * The pass over every row, created once per set of columns (see steps/groups.ts): writes receive
 * time, exporter and domain, repairs times unless clearly valid, sums counts.
 */
export function finishLoop(flows: FlowColumns): FinishLoop {
  const { collectionTimeMilliseconds, exporterAddressLow, observationDomainId } = flows
  const { flowStartMilliseconds, flowEndMilliseconds, samplingInterval } = flows
  const { octetDeltaCount, packetDeltaCount } = flows
  return ({ exporter, stream, receivedMs }, state, from) => {
    const { domain } = stream
    const { zeroUptimeMs } = state.batch
    const upper = exporter.words[2] | 0
    const lower = exporter.words[3] | 0
    const latest = state.skewMs === 0 ? receivedMs + clockToleranceMs : -1
    const to = flows.count
    let bytes = 0
    let packets = 0
    for (let i = from; i < to; i++) {
      collectionTimeMilliseconds[i] = receivedMs
      exporterAddressLow[2 * i] = lower
      exporterAddressLow[2 * i + 1] = upper
      observationDomainId[i] = domain
      const start = flowStartMilliseconds[i]!
      const end = flowEndMilliseconds[i]!
      if (!(start > zeroUptimeMs && start <= end && end <= latest))
        finishTimes(flows, i, from, state)
      const rate = samplingInterval[i]!
      bytes += octetDeltaCount[i]! * rate
      packets += packetDeltaCount[i]! * rate
    }
    if (bytes > countMax) bytes = sumBelieved(octetDeltaCount, flows, from, state.batch)
    if (packets > countMax) packets = sumBelieved(packetDeltaCount, flows, from, state.batch)
    exporter.flows += to - from
    exporter.bytes += bytes
    exporter.packets += packets
  }
}

/** Sums counts of rows from `from` on; counts too large after scaling are set to 0 and reported. */
function sumBelieved(
  counts: Float64Array,
  { count, samplingInterval }: FlowColumns,
  from: number,
  batch: Batch,
): number {
  let sum = 0
  for (let i = from; i < count; i++) {
    if (counts[i]! * samplingInterval[i]! > countMax) {
      counts[i] = 0
      batch.countersTooLarge++
    }
    sum += counts[i]! * samplingInterval[i]!
  }
  return sum
}

function fillIPv6({ flows, exporter }: DatagramContext, from: number, to: number): void {
  const { exporterAddressHigh, stale } = flows
  stale.low |= exporterHighColumn.low
  stale.high |= exporterHighColumn.high
  const [w0, w1] = exporter.words
  for (let i = from; i < to; i++) {
    exporterAddressHigh[2 * i] = w1
    exporterAddressHigh[2 * i + 1] = w0
  }
}

function countTimeFaults({ exporter }: DatagramContext, faults: TimeFaults): void {
  exporter.problem('time-missing', faults.missing)
  exporter.problem('time-reversed', faults.reversed)
  exporter.problem('time-in-future', faults.inFuture)
  exporter.problem('clock-corrected', faults.corrected)
  faults.missing = 0
  faults.reversed = 0
  faults.inFuture = 0
  faults.corrected = 0
}

/**
 * v5 and many later exporters put type × 256 + code of ICMP into the destination port, with source
 * port 0, some of them beside an icmpTypeCode that is always 0. If both ports are set for ICMP, they
 * mean something else: two types, or an identifier.
 */
function takeIcmpFromPort({ flows }: DatagramContext, from: number, to: number): void {
  const { protocolIdentifier, sourceTransportPort, destinationTransportPort, icmpTypeCode } = flows
  for (let i = from; i < to; i++) {
    const protocol = protocolIdentifier[i]!
    const isIcmp = protocol === icmp || protocol === icmp6
    if (isIcmp && sourceTransportPort[i] === 0 && icmpTypeCode[i] === 0)
      icmpTypeCode[i] = destinationTransportPort[i]!
  }
  flows.stale.low |= icmpColumn.low
  flows.stale.high |= icmpColumn.high
}
