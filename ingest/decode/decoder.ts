/** Decodes datagrams of every version and all exporters to rows of flow columns. */
import type { FlowColumns } from '../../flow/columns.ts'
import { noRules, type ExporterRules } from '../../flow/exporter-rules.ts'
import type { SequenceEvent } from '../../flow/sequence.ts'
import type { ExporterStatus } from '../../flow/status.ts'
import { Accounting } from './sequence/accounting.ts'
import { emptyContext, emptyView, type DatagramContext } from './context.ts'
import { CountedAgain } from './counted-before/counted-again.ts'
import { CountedFlows } from './counted-before/flows.ts'
import { KeptStarts } from './kept-starts.ts'
import { clearRows } from './rows.ts'
import { leaveOut } from './uncounted.ts'
import {
  versionAt,
  type Datagram,
  type DatagramVersion,
  type PlacedDatagram,
  type Receipt,
} from './datagram.ts'
import { Exporters } from './exporters/exporters.ts'
import { FixedDecoder, type FixedVersion } from './fixed.ts'
import { datagramBytesMax, decoderLimits, decoderRowsMax, type DecoderLimits } from './limits.ts'
import { Parking } from './templates/parking.ts'
import type { Problem } from './problem.ts'
import { RecordDecoder } from './records.ts'
import { ipfixHeaderBytes, SetDecoder, v9HeaderBytes, type TemplateChange } from './sets.ts'
import { readSflowHeader, SflowDecoder } from './sflow/sflow.ts'
import type { InterfaceCounters } from './sflow/counters.ts'
import { restoreSnapshot } from './exporters/restore.ts'
import { takeSnapshot, type DecoderParts } from './exporters/snapshot.ts'
import type { Stream } from './exporters/stream.ts'
import { TemplateStore } from './templates/store.ts'

export interface DecoderOptions {
  limits?: Partial<DecoderLimits>
  /** The administrator's rules for an exporter, by address. */
  rulesOf?: (address: string) => ExporterRules
  /** Called for each datagram; v1, which has no sequence numbers, has the verdict `unknown`. */
  onSequence?: (event: SequenceEvent) => void
  /** Called when a template is replaced by a different one with the same id. */
  onTemplateChange?: (change: TemplateChange) => void
  /** Called when data that waited for its template was read; `receivedMs` is when it was received. */
  onRelease?: (released: { exporter: string; receivedMs: number }) => void
  /** Called with the interface counters that sFlow sends. */
  onInterfaceCounters?: (counters: InterfaceCounters) => void
  /**
   * Called with a datagram at which decoding itself failed, which is left out: it is in the
   * journal, and each start would end with it too. Absent: the error is thrown.
   */
  onFault?: (fault: DecodingFault) => void
}

/** A datagram at which decoding failed, by a fault of ours. */
export interface DecodingFault {
  exporter: string
  error: unknown
  datagram: Uint8Array
}

/** How often, in receive time, parked data is checked for expiry. */
const expiryStepMs = 10_000

export class Decoder {
  readonly #flows: FlowColumns
  readonly #exporters: Exporters
  readonly #fixed: FixedDecoder
  readonly #sets: SetDecoder
  readonly #sflow: SflowDecoder
  readonly #parking: Parking
  readonly #parts: DecoderParts
  readonly #accounting: Accounting
  readonly #onFault: DecoderOptions['onFault'] | null
  /** Reused for each datagram; null before the first. */
  #context: DatagramContext | null = null
  #expiredMs = 0
  /** The view of the last datagram passed to `decode`: buffers are reused. */
  #view: DataView = emptyView
  readonly #placed: PlacedDatagram = {
    view: emptyView,
    offset: 0,
    length: 0,
    source: '',
    sourcePort: 0,
    receivedMs: 0,
  }

  /**
   * Rows are appended to `flows`. The caller removes them whenever there is room for fewer than
   * decoderRowsMax.
   */
  constructor(flows: FlowColumns, options: DecoderOptions = {}) {
    const limits = { ...decoderLimits, ...options.limits }
    this.#flows = flows
    this.#accounting = new Accounting(options.onSequence ?? null)
    this.#onFault = options.onFault ?? null
    this.#parking = new Parking(limits)
    const counted = new CountedFlows(limits.countedFlowsMax)
    const keptStarts = new KeptStarts(limits.keptStartsMax)
    const before = { countedAgain: new CountedAgain(counted), keptStarts }
    const records = new RecordDecoder(flows, before, (exporter, template) =>
      templates.compiled(exporter, template),
    )
    this.#exporters = new Exporters({
      limits,
      parking: this.#parking,
      templates: () => templates,
      rulesOf: options.rulesOf ?? (() => noRules),
    })
    const templates = new TemplateStore(limits, records, this.#exporters.byAddress)
    this.#parts = {
      exporters: this.#exporters,
      templates,
      parking: this.#parking,
      counted,
      keptStarts,
    }
    this.#fixed = new FixedDecoder(records)
    this.#sflow = new SflowDecoder(limits, options.onInterfaceCounters ?? null)
    this.#sets = new SetDecoder({
      records,
      templates,
      parking: this.#parking,
      limits,
      onTemplateChange: options.onTemplateChange ?? null,
      onRelease: options.onRelease ?? null,
    })
  }

  /** Decodes a datagram in a buffer of its own: see decodePlaced. */
  decode(datagram: Datagram): DatagramVersion | null {
    const { buffer, byteOffset, length } = datagram.payload
    if (this.#view.buffer !== buffer) this.#view = new DataView(buffer)
    const placed = this.#placed
    placed.view = this.#view
    placed.offset = byteOffset
    placed.length = length
    placed.source = datagram.source
    placed.sourcePort = datagram.sourcePort
    placed.receivedMs = datagram.receivedMs
    return this.decodePlaced(placed)
  }

  /**
   * Decodes a datagram. Total: any bytes produce rows and counted problems, in bounded time.
   * Returns the version, or null if unsupported.
   */
  decodePlaced(datagram: PlacedDatagram): DatagramVersion | null {
    const { view, offset, length, receivedMs } = datagram
    const exporter = this.#exporters.of(datagram.source, receivedMs)
    exporter.datagrams++
    exporter.lastSeenMs = receivedMs
    if (receivedMs - this.#expiredMs > expiryStepMs) this.expire(receivedMs)
    const version = versionAt(view, offset, length)
    if (version === null) {
      exporter.problem('version-unknown')
      return version
    }
    const context = (this.#context ??= emptyContext(this.#flows, exporter))
    context.exporter = exporter
    context.agent = 0
    context.view = view
    context.offset = offset
    context.end = offset + Math.min(length, datagramBytesMax)
    const from = this.#flows.count
    const { flows, packets, bytes } = exporter
    try {
      if (version === 'sflow') this.#decodeSflow(context, datagram)
      else if (version === 'v9' || version === 'ipfix') this.#decodeSets(context, datagram, version)
      else this.#decodeFixed(context, datagram, version)
      if (exporter.rules.counts !== 'both') leaveOut(this.#flows, exporter, from)
    } catch (error) {
      if (!this.#onFault) throw error
      Object.assign(exporter, { flows, packets, bytes })
      clearRows(this.#flows, from, Math.min(this.#flows.capacity, from + decoderRowsMax))
      this.#flows.count = from
      exporter.problem('not-decoded')
      const datagramBytes = new Uint8Array(view.buffer, view.byteOffset + offset, length).slice()
      this.#onFault({ exporter: exporter.address, error, datagram: datagramBytes })
    }
    return version
  }

  #decodeFixed(context: DatagramContext, datagram: Receipt, version: FixedVersion): void {
    const header = this.#fixed.readHeader(context, version)
    this.#accounting.begin(context, header.sequence)
    this.#enter(context, datagram, version, header.domain)
    context.headerRate = header.samplingInterval
    if (this.#accounting.isDuplicate(context)) return
    const records = this.#fixed.decode(context, version, header.count)
    this.#accounting.account(context, records)
  }

  #decodeSets(context: DatagramContext, datagram: Receipt, version: 'v9' | 'ipfix'): void {
    const { view, offset } = context
    const isV9 = version === 'v9'
    context.uptimeMs = isV9 ? view.getUint32(offset + 4) : -1
    context.exportMs = view.getUint32(offset + (isV9 ? 8 : 4)) * 1000
    this.#accounting.begin(context, view.getUint32(offset + (isV9 ? 12 : 8)))
    this.#enter(context, datagram, version, view.getUint32(offset + (isV9 ? 16 : 12)))
    if (this.#accounting.isDuplicate(context)) return
    if (!isV9) endIpfix(context)
    context.offset += isV9 ? v9HeaderBytes : ipfixHeaderBytes
    const records = this.#sets.decode(context, version)
    if (this.#accounting.account(context, records)) this.#sets.adoptAwaited(context)
    if (context.exporter.releasable.size > 0) this.#sets.release(context)
  }

  #decodeSflow(context: DatagramContext, datagram: Receipt): void {
    const header = readSflowHeader(context, datagram.receivedMs)
    if (header === null) return
    this.#accounting.begin(context, header.sequence)
    this.#enter(context, datagram, 'sflow', header.subAgent)
    if (this.#accounting.isDuplicate(context)) return
    const records = this.#sflow.decode(context, header.samples)
    this.#accounting.account(context, records)
  }

  /** Finds the stream of the datagram, usually that of the exporter's previous one. */
  #enter(
    context: DatagramContext,
    datagram: Receipt,
    version: DatagramVersion,
    domain: number,
  ): void {
    const { exporter, agent } = context
    const { sourcePort, receivedMs } = datagram
    const { sequenced } = this.#accounting
    const last = exporter.lastStream
    const isLast =
      last !== null &&
      last.domain === domain &&
      last.sourcePort === sourcePort &&
      last.agent === agent &&
      last.version === version
    context.stream = isLast
      ? last
      : this.#exporters.streamOf(exporter, { version, domain, agent, datagram, sequenced })
    const { stream } = context
    const { session } = stream
    context.sinceMs = session.shared === null ? stream.seenMs : session.seenMs
    stream.seenMs = receivedMs
    session.seenMs = receivedMs
    context.receivedMs = receivedMs
    context.skewMs = exporter.skew.measure(context.exportMs, receivedMs)
    context.headerRate = 0
    context.records = 0
    context.optionsRecords = 0
    context.flowRecords = 0
    context.recordsUnsure = 0
    context.rowsLeft = decoderRowsMax
  }

  /** Drops data that has waited too long for its template; called by `decode` as time passes. */
  expire(nowMs: number): void {
    this.#expiredMs = nowMs
    for (const exporter of this.#exporters.byAddress.values())
      for (const stream of exporter.streams.values())
        if (stream.parked.length > 0) this.#parking.expire(exporter, stream, nowMs)
  }

  /** Templates, sampling, names, sequence state, counters and parked data, as plain JSON. */
  snapshot(): unknown {
    return takeSnapshot(this.#parts)
  }

  /**
   * Continues from a snapshot; call before decoding. Damaged parts are ignored, and false is
   * returned.
   */
  restore(state: unknown): boolean {
    return restoreSnapshot(this.#parts, state)
  }

  /** Counts a problem found in an exporter's rows after decoding. */
  count(address: string, kind: Problem): void {
    this.#exporters.byAddress.get(address)?.problem(kind)
  }

  /** All streams, for occasional inspection. */
  *streams(): Generator<{ exporter: string; stream: Stream }> {
    for (const { address, streams } of this.#exporters.byAddress.values())
      for (const stream of streams.values()) yield { exporter: address, stream }
  }

  /** The stream of an exporter's last datagram. */
  lastStream(address: string): Stream | null {
    return this.#exporters.byAddress.get(address)?.lastStream ?? null
  }

  /** Exporters forgotten because there were too many. */
  get exportersForgotten(): number {
    return this.#exporters.evicted
  }

  /** Those of them that have not come back, with their counters. */
  forgotten(): ExporterStatus[] {
    return [...this.#exporters.forgotten.values()]
  }

  /** The status of each exporter, in order of first appearance. */
  exporters(): ExporterStatus[] {
    return [...this.#exporters.byAddress.values()].map((exporter) => exporter.status())
  }
}

/** Ends an IPFIX message at the length in its header, or at the end of the datagram. */
function endIpfix(context: DatagramContext): void {
  const { view, exporter, offset, end } = context
  const announced = offset + view.getUint16(offset + 2)
  if (announced > end || announced < offset + ipfixHeaderBytes) exporter.problem('datagram-short')
  else if (announced < end) exporter.problem('datagram-long')
  context.end = Math.min(announced, end)
}
