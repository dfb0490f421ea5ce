/**
 * sFlow version 5 (sflow.org, "sFlow Version 5"): each flow sample is a row of one packet, scaled
 * by its own sampling rate; interface counter samples are passed on as they are. Everything is XDR:
 * big-endian, in multiples of 4 bytes.
 */
import { readyRows, type FlowColumns } from '../../../flow/columns.ts'
import type { DatagramContext } from '../context.ts'
import { countMax, recordsPerDatagramMax, type DecoderLimits } from '../limits.ts'
import { clearRows } from '../rows.ts'
import { anySampler } from '../exporters/sampling.ts'
import { readCounterSample, type OnCounters } from './counters.ts'
import { sampleMasks } from '../steps/touched.ts'
import { readFlowRecord } from './records.ts'

/** By type; an agent may not know its address. */
const addressBytes: Readonly<Record<number, number | undefined>> = { 0: 0, 1: 4, 2: 16 }

/** Formats of samples (enterprise 0). */
const formats = { flow: 1, counters: 2, expandedFlow: 3, expandedCounters: 4 }

/** Bytes of a sample before its records. */
const sampleHeaderBytes: Readonly<Record<number, number | undefined>> = {
  [formats.flow]: 32,
  [formats.counters]: 12,
  [formats.expandedFlow]: 44,
  [formats.expandedCounters]: 16,
}

/** The shortest sample that produces a row. */
const sampleBytesMin = 40

/** An interface in one word: the upper two bits are its format, 0 for an ifIndex. */
const interfaceFormatShift = 30
const interfaceMask = 0x3fff_ffff
/** A data source in one word: the upper 8 bits are its type, 0 for an ifIndex, the lower 24 its index. */
const sourceTypeShift = 24
const sourceMask = 0xff_ffff
/** flowDirection (IPFIX element 61): sampled at egress. */
const egress = 1
/** The exporter itself. */
const internalInterface = 0x3fff_ffff

/** An odd constant whose products spread well (Knuth's multiplicative hashing). */
const hashPrime = 0x9e3779b1

interface SflowHeader {
  subAgent: number
  sequence: number
  samples: number
}

/**
 * Reads the header and advances the context past it; null if the datagram is too short, which is
 * counted. sFlow has no export time: the receive time is used.
 */
export function readSflowHeader(context: DatagramContext, receivedMs: number): SflowHeader | null {
  const { view, offset, end, exporter } = context
  const address = addressBytes[view.getUint32(offset + 4)]
  if (address === undefined || offset + address + 24 > end) {
    exporter.problem('datagram-short')
    return null
  }
  const at = offset + 8 + address
  let agent = 0
  for (let word = offset + 8; word < at; word += 4)
    agent = Math.imul(agent ^ view.getInt32(word), hashPrime)
  context.agent = agent >>> 0
  context.offset = at + 16
  context.exportMs = receivedMs
  context.uptimeMs = view.getUint32(at + 8)
  return {
    subAgent: view.getUint32(at),
    sequence: view.getUint32(at + 4),
    samples: view.getUint32(at + 12),
  }
}

export class SflowDecoder {
  readonly #limits: DecoderLimits
  readonly #onCounters: OnCounters

  constructor(limits: DecoderLimits, onCounters: OnCounters) {
    this.#limits = limits
    this.#onCounters = onCounters
  }

  /** Decodes the samples after the header; returns the number of flow samples. */
  decode(context: DatagramContext, samples: number): number {
    const { view, end, exporter } = context
    let at = context.offset
    let records = 0
    const { flows } = context
    const rows = Math.min(
      samples,
      Math.floor((end - at) / sampleBytesMin),
      flows.capacity - flows.count,
    )
    readyRows(flows, sampleMasks.writes, sampleMasks.touches, flows.count, rows)
    for (let i = 0; i < samples; i++) {
      if (at + 8 > end) {
        exporter.problem('datagram-short')
        break
      }
      const format = view.getUint32(at)
      const length = view.getUint32(at + 4)
      if (at + 8 + length > end) {
        exporter.problem('set-length')
        break
      }
      const header = sampleHeaderBytes[format]
      const sample = { offset: at + 8, end: at + 8 + length }
      if (header !== undefined && length < header) exporter.problem('set-length')
      else if (format === formats.flow || format === formats.expandedFlow) {
        this.#flowSample(context, sample, format === formats.expandedFlow)
        records++
      } else if (header !== undefined)
        readCounterSample(context, sample, {
          header,
          entriesMax: this.#limits.optionEntriesPerExporterMax,
          onCounters: this.#onCounters,
        })
      at += 8 + length
    }
    exporter.records += records
    return records
  }

  #flowSample(
    context: DatagramContext,
    { offset, end }: { offset: number; end: number },
    isExpanded: boolean,
  ): void {
    const { view, flows, exporter } = context
    const isFull =
      context.records >= recordsPerDatagramMax ||
      context.rowsLeft === 0 ||
      flows.count >= flows.capacity
    if (isFull) {
      exporter.problem('records-too-many')
      return
    }
    context.records++
    const row = flows.count
    const rates = offset + (isExpanded ? 12 : 8)
    const rate = view.getUint32(rates)
    flows.samplingInterval[row] = exporter.rules.sampling ?? Math.max(1, rate)
    if (rate === 0) exporter.samplingRateUnknown(anySampler)
    else if (exporter.unknownSamplers.ids.size > 0) exporter.unknownSamplers.remove(anySampler)
    const interfaces = rates + 12
    const indexAt = (word: number) => view.getUint32(interfaces + 4 * word)
    flows.ingressInterface[row] = isExpanded
      ? ifIndex(indexAt(0), indexAt(1))
      : packedIndex(indexAt(0))
    flows.egressInterface[row] = isExpanded
      ? ifIndex(indexAt(2), indexAt(3))
      : packedIndex(indexAt(1))
    const source = view.getUint32(offset + 4)
    const sampledAt = isExpanded
      ? sourceInterface(source, view.getUint32(offset + 8))
      : sourceInterface(source >>> sourceTypeShift, source & sourceMask)
    if (isEgress(flows, row, sampledAt)) flows.flowDirection[row] = egress
    const records = { offset: interfaces + (isExpanded ? 16 : 8), end }
    this.#flowRecords(context, row, records)
  }

  /** Reads a flow sample's records into a row, which is kept if they describe a packet. */
  #flowRecords(
    context: DatagramContext,
    row: number,
    bytes: { offset: number; end: number },
  ): void {
    const { view, flows, exporter } = context
    const count = view.getUint32(bytes.offset)
    let at = bytes.offset + 4
    let hasPacket = false
    for (let i = 0; i < count && at + 8 <= bytes.end; i++) {
      const end = at + 8 + view.getUint32(at + 4)
      if (end > bytes.end) {
        exporter.problem('record-short')
        break
      }
      if (readFlowRecord(context, row, view.getUint32(at), { offset: at + 8, end }))
        hasPacket = true
      at = end
    }
    if (!hasPacket) {
      exporter.problem('record-not-a-flow')
      // Clears what was written to a row that is not kept.
      clearRows(flows, row, row + 1)
      return
    }
    flows.packetDeltaCount[row] = 1
    finishSample(context, row)
  }
}

/** Whether a packet was sampled at egress: not at its ingress interface, and at no third interface. */
function isEgress(
  { ingressInterface, egressInterface }: FlowColumns,
  row: number,
  at: number,
): boolean {
  const output = egressInterface[row]!
  return (
    at !== 0 &&
    ingressInterface[row] !== 0 &&
    at !== ingressInterface[row] &&
    (output === 0 || output === at)
  )
}

/** The interface of a data source, or 0 if it is anything else: a VLAN, a card, a whole bridge. */
function sourceInterface(type: number, index: number): number {
  return type === 0 ? index : 0
}

function packedIndex(word: number): number {
  return ifIndex(word >>> interfaceFormatShift, word & interfaceMask)
}

/** An ifIndex, or 0 for anything else: discarded, several, or the exporter itself. */
function ifIndex(format: number, value: number): number {
  return format === 0 && value !== internalInterface ? value : 0
}

/** Fills what all rows have: a packet sampled at the time it was received. */
function finishSample(context: DatagramContext, row: number): void {
  const { flows, exporter, stream, receivedMs } = context
  const [w0, w1, w2, w3] = exporter.words
  flows.collectionTimeMilliseconds[row] = receivedMs
  flows.flowStartMilliseconds[row] = receivedMs
  flows.flowEndMilliseconds[row] = receivedMs
  flows.observationDomainId[row] = stream.domain
  flows.exporterAddressHigh[2 * row] = w1
  flows.exporterAddressHigh[2 * row + 1] = w0
  flows.exporterAddressLow[2 * row] = w3
  flows.exporterAddressLow[2 * row + 1] = w2
  const rate = flows.samplingInterval[row]!
  if (flows.octetDeltaCount[row]! * rate > countMax) {
    flows.octetDeltaCount[row] = 0
    exporter.problem('counter-too-large')
  }
  flows.count++
  context.rowsLeft--
  context.flowRecords++
  exporter.flows++
  exporter.packets += rate
  exporter.bytes += flows.octetDeltaCount[row]! * rate
  exporter.lastRate = rate
}
