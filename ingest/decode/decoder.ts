/** From datagrams to rows of flow columns, for every version and all exporters. */
import type { FlowColumns } from '../../flow/columns.ts'
import type { SequenceEvent } from '../../flow/sequence.ts'
import type { ExporterStatus } from '../../flow/status.ts'
import type { DatagramContext } from './context.ts'
import type { Exporter } from './exporter.ts'
import { versionOf } from './datagram.ts'
import type { Datagram, DatagramVersion } from './datagram.ts'
import { Exporters } from './exporters.ts'
import { FixedDecoder, readFixedHeader } from './fixed.ts'
import type { FixedVersion } from './fixed.ts'
import { datagramBytesMax, decoderLimits, decoderRowsMax } from './limits.ts'
import type { DecoderLimits } from './limits.ts'
import { wordSize } from './numbers.ts'
import { Parking } from './parking.ts'
import { RecordDecoder } from './records.ts'
import type { RecordBytes } from './records.ts'
import type { SequencedDatagram, SequenceFinding } from './sequence.ts'
import { ipfixHeaderBytes, SetDecoder, v9HeaderBytes } from './sets.ts'
import type { TemplateChange } from './sets.ts'
import { restoreSnapshot, takeSnapshot } from './snapshot.ts'
import type { DecoderParts } from './snapshot.ts'
import { sequenceUnits, Stream } from './stream.ts'
import { TemplateStore } from './template-store.ts'

export { decoderRowsMax } from './limits.ts'
export { versionOf } from './datagram.ts'
export type { Datagram, DatagramVersion } from './datagram.ts'

export interface DecoderOptions {
  limits?: Partial<DecoderLimits>
  /** Told of each datagram that carries a sequence number, and of v1's without one. */
  onSequence?: (event: SequenceEvent) => void
  /** Told when a template is replaced by another with the same id. */
  onTemplateChange?: (change: TemplateChange) => void
}

const emptyView = new DataView(new ArrayBuffer(0))

/** How often, by the clock of receipt, what waits for templates is looked through. */
const expiryStepMs = 10_000

export class Decoder {
  readonly #flows: FlowColumns
  readonly #exporters: Exporters
  readonly #fixed: FixedDecoder
  readonly #sets: SetDecoder
  readonly #parking: Parking
  readonly #parts: DecoderParts
  readonly #onSequence: ((event: SequenceEvent) => void) | null
  /** One object, used again for each datagram; null before the first. */
  #context: DatagramContext | null = null
  #sequenced: SequencedDatagram = { sequence: 0, uptimeMs: -1, exportMs: 0, mark: 0 }
  #expiredMs = 0
  /** Of the buffer of the last datagram, since buffers are used again. */
  #view: DataView = emptyView

  /**
   * Rows are appended to `flows`. The caller takes them out whenever there is room for fewer than
   * decoderRowsMax.
   */
  constructor(flows: FlowColumns, options: DecoderOptions = {}) {
    const limits = { ...decoderLimits, ...options.limits }
    this.#flows = flows
    this.#onSequence = options.onSequence ?? null
    this.#parking = new Parking(limits)
    const records = new RecordDecoder(flows)
    this.#exporters = new Exporters(limits, this.#parking, () => templates)
    const templates = new TemplateStore(limits, records, this.#exporters.byAddress)
    this.#parts = { exporters: this.#exporters, templates, parking: this.#parking }
    this.#fixed = new FixedDecoder(records)
    this.#sets = new SetDecoder({
      records,
      templates,
      parking: this.#parking,
      limits,
      onTemplateChange: options.onTemplateChange ?? null,
    })
  }

  /**
   * Decodes a datagram: total, so that any bytes give rows and counted problems, in bounded time.
   * Returns the version, or null where it is of none that is decoded.
   */
  decode(datagram: Datagram): DatagramVersion | null {
    const { payload, receivedMs } = datagram
    const exporter = this.#exporters.of(datagram.source, receivedMs)
    exporter.datagrams++
    exporter.lastSeenMs = receivedMs
    if (receivedMs - this.#expiredMs > expiryStepMs) this.expire(receivedMs)
    const version = versionOf(payload)
    if (version === null || version === 'sflow') {
      exporter.problem('version-unknown')
      return version
    }
    exporter.versions.add(version)
    const { buffer, byteOffset, length } = payload
    if (this.#view.buffer !== buffer) this.#view = new DataView(buffer as ArrayBuffer)
    const bytes = { offset: byteOffset, end: byteOffset + Math.min(length, datagramBytesMax) }
    if (version === 'v9' || version === 'ipfix')
      this.#decodeSets(exporter, datagram, version, bytes)
    else this.#decodeFixed(exporter, datagram, version, bytes)
    return version
  }

  #decodeFixed(
    exporter: Exporter,
    datagram: Datagram,
    version: FixedVersion,
    bytes: RecordBytes,
  ): void {
    const header = readFixedHeader(this.#view, bytes.offset, version)
    const { count, domain, samplingInterval } = header
    const context = this.#begin(exporter, datagram, version, { ...header, bytes })
    context.stream = this.#exporters.streamOf(exporter, version, domain, {
      ...datagram,
      sequenced: this.#sequenced,
    })
    context.headerRate = samplingInterval
    if (version === 'v1') {
      this.#fixed.decode(context, version, { ...bytes, count })
      this.#tell(context, { verdict: 'unknown', lostDatagrams: 0, lostFlows: 0 })
      return
    }
    const finding = context.stream.sequence.judge(this.#sequenced)
    if (this.#isDuplicate(context, finding)) return
    const records = this.#fixed.decode(context, version, { ...bytes, count })
    this.#advance(context, finding, records)
  }

  #decodeSets(
    exporter: Exporter,
    datagram: Datagram,
    version: 'v9' | 'ipfix',
    bytes: RecordBytes,
  ): void {
    const view = this.#view
    const { offset } = bytes
    const isV9 = version === 'v9'
    const context = this.#begin(exporter, datagram, version, {
      uptimeMs: isV9 ? view.getUint32(offset + 4) : -1,
      exportMs: view.getUint32(offset + (isV9 ? 8 : 4)) * 1000,
      sequence: view.getUint32(offset + (isV9 ? 12 : 8)),
      bytes,
    })
    const domain = view.getUint32(offset + (isV9 ? 16 : 12))
    const { sourcePort, receivedMs } = datagram
    const sequenced = this.#sequenced
    context.stream = this.#exporters.streamOf(exporter, version, domain, {
      sourcePort,
      receivedMs,
      sequenced,
    })
    const finding = context.stream.sequence.judge(sequenced)
    if (this.#isDuplicate(context, finding)) return
    const end = isV9 ? bytes.end : ipfixEnd(context, bytes)
    const first = offset + (isV9 ? v9HeaderBytes : ipfixHeaderBytes)
    const records = this.#sets.decode(context, version, { offset: first, end })
    this.#advance(context, finding, isV9 ? 1 : records)
    if (context.stream.parked.length > 0) this.#sets.release(context)
  }

  /** The context of a new datagram; its stream is still that of the last. */
  #begin(
    exporter: Exporter,
    { receivedMs }: Datagram,
    version: DatagramVersion,
    header: { uptimeMs: number; exportMs: number; sequence: number; bytes: RecordBytes },
  ): DatagramContext {
    const { uptimeMs, exportMs, sequence, bytes } = header
    const sequenced = this.#sequenced
    sequenced.sequence = sequence
    sequenced.uptimeMs = uptimeMs
    sequenced.exportMs = exportMs
    sequenced.mark = markOf(this.#view, bytes.offset, bytes.end)
    const context = (this.#context ??= emptyContext(this.#flows, exporter, version))
    context.exporter = exporter
    context.view = this.#view
    context.receivedMs = receivedMs
    context.exportMs = exportMs
    context.uptimeMs = uptimeMs
    context.skewMs = exporter.measureSkew(exportMs, receivedMs)
    context.headerRate = 0
    context.records = 0
    context.flowRecords = 0
    context.recordsUnsure = 0
    context.rowsLeft = decoderRowsMax
    return context
  }

  /** Flows of a datagram that came before must not be counted again. */
  #isDuplicate(context: DatagramContext, finding: SequenceFinding): boolean {
    if (finding.verdict !== 'duplicate') return false
    context.exporter.duplicates++
    this.#tell(context, finding)
    return true
  }

  #advance(context: DatagramContext, finding: SequenceFinding, units: number): void {
    const { exporter, stream, flowRecords, recordsUnsure } = context
    const unitsUnsure = stream.version === 'ipfix' ? recordsUnsure : 0
    const contents = { units, unitsUnsure, flows: flowRecords }
    stream.sequence.advance(this.#sequenced, contents, finding)
    if (finding.verdict === 'reordered') exporter.reordered++
    if (finding.verdict === 'restart') exporter.restarts++
    this.#tell(context, finding)
  }

  #tell({ exporter, stream, receivedMs }: DatagramContext, finding: SequenceFinding): void {
    const { verdict, lostDatagrams, lostFlows } = finding
    const lostFlowsEstimated = sequenceUnits[stream.version] === 'datagrams'
    exporter.lost.datagrams += lostDatagrams
    exporter.lost.flows += lostFlows
    if (lostFlowsEstimated && lostFlows !== 0) exporter.lost.flowsEstimated = true
    this.#onSequence?.({
      exporter: exporter.address,
      observationDomain: stream.domain,
      receivedMs,
      verdict,
      lostDatagrams,
      lostFlows,
      lostFlowsEstimated,
    })
  }

  /** Drops data that has waited too long for its template; decode does so as its clock goes on. */
  expire(nowMs: number): void {
    this.#expiredMs = nowMs
    for (const exporter of this.#exporters.byAddress.values())
      for (const stream of exporter.streams.values())
        if (stream.parked.length > 0) this.#parking.expire(exporter, stream, nowMs)
  }

  /** Templates, sampling, names, sequence state, counters and what waits for templates, as plain JSON. */
  snapshot(): unknown {
    return takeSnapshot(this.#parts)
  }

  /**
   * Goes on from a snapshot; to be called before anything is decoded. A damaged one is left out, as
   * far as it is damaged, and false is returned.
   */
  restore(state: unknown): boolean {
    return restoreSnapshot(this.#parts, state)
  }

  /** What is known of each exporter, in the order in which they were first seen. */
  exporters(): ExporterStatus[] {
    return [...this.#exporters.byAddress.values()].map((exporter) => exporter.status())
  }
}

/** Where an IPFIX message ends by its own header, as far as the datagram goes. */
function ipfixEnd({ view, exporter }: DatagramContext, { offset, end }: RecordBytes): number {
  const announced = offset + view.getUint16(offset + 2)
  if (announced > end || announced < offset + ipfixHeaderBytes) exporter.problem('datagram-short')
  else if (announced < end) exporter.problem('datagram-long')
  return Math.min(announced, end)
}

/** A mark of a datagram's contents: its length, its header and some words from all over it. */
function markOf(view: DataView, offset: number, end: number): number {
  const words = (end - offset) >>> 2
  let mark = view.getUint32(offset + 4) ^ Math.imul(view.getUint32(offset + 8), 31)
  for (let i = 3; i <= 8; i++)
    mark = Math.imul(mark, 31) ^ view.getUint32(offset + 4 * (((words - 1) * i) >>> 3))
  return (end - offset) * wordSize + (mark >>> 0)
}

function emptyContext(
  flows: FlowColumns,
  exporter: Exporter,
  version: DatagramVersion,
): DatagramContext {
  return {
    flows,
    exporter,
    stream: new Stream(version, 0, 0, 0),
    view: emptyView,
    receivedMs: 0,
    exportMs: 0,
    uptimeMs: -1,
    skewMs: 0,
    headerRate: 0,
    records: 0,
    flowRecords: 0,
    recordsUnsure: 0,
    rowsLeft: 0,
  }
}
