/**
 * From datagrams to flows: decodes them, counts them in the buckets, passes them to the archive.
 */
import { addressAt } from '../flow/address.ts'
import { createFlowColumns, recycleFlowColumns, type FlowColumns } from '../flow/columns.ts'
import type { ExporterRules } from '../flow/exporter-rules.ts'
import { intervalMs, intervalStart } from '../flow/interval.ts'
import { takenBackBy } from '../flow/merge-exporters.ts'
import type { SequenceEvent, SequenceGap } from '../flow/sequence.ts'
import type { ExporterStatus, IngestStatus } from '../flow/status.ts'
import type { Archive } from '../store/archive/archive.ts'
import type { Buckets } from './buckets/buckets.ts'
import type { CoverageTracker } from './coverage/coverage.ts'
import type { Handover } from './coverage/handover.ts'
import type { Datagram, DatagramVersion, PlacedDatagram } from './decode/datagram.ts'
import { Decoder, type DecodingFault } from './decode/decoder.ts'
import { decoderRowsMax } from './decode/limits.ts'
import type { TemplateChange } from './decode/sets.ts'
import type { CounterState, CounterTracker } from './counters/interface-counters.ts'
import type { LiveRing } from './live/ring.ts'
import { DoubleExportSketch } from './exporters/double-export.ts'
import type { DatagramInBatch } from './receive/batch.ts'
import { SourceTexts } from './receive/source-texts.ts'

const timeColumns = [
  'collectionTimeMilliseconds',
  'flowStartMilliseconds',
  'flowEndMilliseconds',
] as const
/** Flows older than a month when received mark no interval: no setting allows counting them. */
const touchedMs = 31 * 86_400_000

/** Rows gathered before they are counted and passed on; more costs memory, fewer costs calls. */
const blockRows = 16_384

export interface PipelineParts {
  coverage: CoverageTracker
  /** Where other collectors receive some of an exporter's datagrams. */
  handover?: Handover | undefined
  /** Absent if the series are made from the archive afterwards (replay). */
  buckets?: Buckets
  archive: Archive
  /** The interfaces' own counters. */
  counters?: CounterTracker
  /** The last minutes, if anyone may want to see them. */
  live?: LiveRing
  /** A flow that began longer than this before it was received is not counted in the series. */
  flowMaxMs?: number
  /** The rules of WEIR_NAMES for an exporter. */
  rulesOf?: (address: string) => ExporterRules
  /** Called when an exporter changes a template. */
  onTemplateChange?: (change: TemplateChange) => void
  /** See DecoderOptions. */
  onFault?: (fault: DecodingFault) => void
  /** Added to all times of flows and datagrams, ms; for captures moved to another time. */
  shiftMs?: number
}

interface PipelineState {
  decoder: unknown
  counters: CounterState[]
}

export class Pipeline {
  readonly decoder: Decoder
  readonly #flows: FlowColumns = createFlowColumns(blockRows + decoderRowsMax)
  readonly #parts: PipelineParts
  /** Flows passed on in total. */
  flows = 0
  /** When the last datagram was received, unix ms. */
  #receivedMs = 0
  #isDiscarding = false
  readonly #sources = new SourceTexts()
  /** Reused for every datagram in a buffer. */
  readonly #placed: PlacedDatagram = {
    view: new DataView(new ArrayBuffer(0)),
    offset: 0,
    length: 0,
    source: '',
    sourcePort: 0,
    receivedMs: 0,
  }
  readonly #doubles = new DoubleExportSketch()
  readonly #touched = new Set<number>()

  constructor(parts: PipelineParts) {
    this.#parts = parts
    const { rulesOf, counters, onTemplateChange, onFault, shiftMs = 0 } = parts
    this.decoder = new Decoder(this.#flows, {
      onSequence: (event) => this.#sequence(event),
      onRelease: ({ exporter, receivedMs }) => {
        if (!this.#isDiscarding) parts.coverage.read(exporter, intervalStart(receivedMs + shiftMs))
      },
      onInterfaceCounters: (sample) =>
        counters?.take({ ...sample, receivedMs: sample.receivedMs + shiftMs }, this.#isDiscarding),
      ...(rulesOf && { rulesOf }),
      ...(onTemplateChange && { onTemplateChange }),
      ...(onFault && { onFault }),
    })
  }

  /** Decodes a datagram in a buffer that may be reused afterwards. */
  takePlaced({ view, offset, length, source, sourcePort, receivedMs }: DatagramInBatch): void {
    const placed = this.#placed
    placed.view = view
    placed.offset = offset
    placed.length = length
    placed.source = this.#sources.of(source)
    placed.sourcePort = sourcePort
    placed.receivedMs = receivedMs
    this.#receivedMs = receivedMs
    this.decoder.decodePlaced(placed)
    if (this.#flows.count >= blockRows) this.drain()
  }

  /** Decodes a datagram; its flows are passed on when a block is full, or by drain. */
  take(datagram: Datagram): DatagramVersion | null {
    this.#receivedMs = datagram.receivedMs
    const version = this.decoder.decode(datagram)
    if (this.#flows.count >= blockRows) this.drain()
    return version
  }

  /**
   * Decodes a datagram whose flows the archive already has, to restore templates, sequence numbers
   * and parked data.
   */
  takeAgain(datagram: Datagram): void {
    this.#isDiscarding = true
    this.decoder.decode(datagram)
    this.#isDiscarding = false
    // The decoder's own counts are made again, and so must this one, which goes with them.
    this.#shiftTimes()
    this.#countTooLate()
    recycleFlowColumns(this.#flows)
  }

  /** Counts the gathered flows and passes them on. */
  drain(): void {
    const flows = this.#flows
    const { buckets, live, archive, shiftMs = 0 } = this.#parts
    if (flows.count === 0) return
    this.flows += flows.count
    // First: everything below is by shifted times.
    this.#shiftTimes()
    this.#doubles.take(flows)
    this.#countTooLate()
    if (!buckets) this.#noteIntervals()
    // Computed once, for both.
    const directions = live?.directionsOf(flows)
    buckets?.add(flows, directions)
    live?.add(flows, directions, this.#receivedMs + shiftMs)
    archive.add(flows)
    recycleFlowColumns(flows)
  }

  #shiftTimes(): void {
    const { shiftMs = 0 } = this.#parts
    if (shiftMs === 0) return
    for (const name of timeColumns) {
      const column = this.#flows[name]
      for (let i = 0; i < this.#flows.count; i++) column[i] = column[i]! + shiftMs
    }
  }

  /** Counts the flows that go into the archive but not into the series. */
  #countTooLate(): void {
    const { flowMaxMs = Number.POSITIVE_INFINITY, buckets } = this.#parts
    const oldestMs = buckets?.countedFrom ?? Number.NEGATIVE_INFINITY
    const { flowStartMilliseconds: starts, collectionTimeMilliseconds: received } = this.#flows
    const { exporterAddressHigh, exporterAddressLow, count } = this.#flows
    for (let i = 0; i < count; i++)
      if (received[i]! - starts[i]! > flowMaxMs || starts[i]! < oldestMs)
        this.decoder.count(addressAt(exporterAddressHigh, exporterAddressLow, i), 'too-late')
  }

  /** Notes the intervals in which flows were active, for the series that are made from the archive afterwards. */
  #noteIntervals(): void {
    const { flowStartMilliseconds: starts, flowEndMilliseconds: ends, count } = this.#flows
    const received = this.#flows.collectionTimeMilliseconds
    for (let i = 0; i < count; i++) {
      if (received[i]! - starts[i]! > touchedMs) continue
      const last = intervalStart(Math.max(starts[i]!, ends[i]! - 1))
      for (let t = intervalStart(starts[i]!); t <= last; t += intervalMs) this.#touched.add(t)
    }
  }

  /** What a datagram's sequence number says about its exporter's losses and silences. */
  #sequence(event: SequenceEvent): void {
    const { coverage, handover, shiftMs = 0 } = this.#parts
    if (this.#isDiscarding) return
    coverage.take({
      ...event,
      receivedMs: event.receivedMs + shiftMs,
      sinceMs: event.sinceMs + shiftMs,
      exportMs: event.exportMs + shiftMs,
      gaps: shiftMs === 0 ? event.gaps : event.gaps.map((gap) => shifted(gap, shiftMs)),
    })
    if (!handover || event.verdict === 'continues') return
    const stream = this.decoder.lastStream(event.exporter)
    if (stream) handover.take(event, stream)
  }

  /** The status of each exporter, its times shifted like those of its flows. */
  exporters(): ExporterStatus[] {
    const shiftSeconds = (this.#parts.shiftMs ?? 0) / 1000
    return this.decoder.exporters().map((status) => ({
      ...status,
      ...this.#corrected(status),
      firstSeen: status.firstSeen + shiftSeconds,
      lastSeen: status.lastSeen + shiftSeconds,
      doubled: this.#doubles.of(status.address),
    }))
  }

  /** Datagrams that other collectors received are not lost. */
  #corrected(status: ExporterStatus): Partial<ExporterStatus> {
    const { address, lost, restarts, takenBack } = status
    const correction = this.#parts.handover?.correctionOf(address)
    if (!correction) return {}
    return {
      takenBack: takenBackBy(takenBack, correction.takenBack),
      lost: {
        datagrams: Math.max(0, lost.datagrams + correction.datagrams),
        flows: Math.max(0, lost.flows + correction.flows),
        flowsEstimated: lost.flowsEstimated,
      },
      restarts: Math.max(0, restarts + correction.restarts),
    }
  }

  /** Exporters forgotten, and samples of interface counters ignored, at their limits since the start. */
  get overLimit(): NonNullable<IngestStatus['overLimit']> {
    const interfaceCounters = this.#parts.counters?.counters.leftOut ?? 0
    return { exporters: this.decoder.exportersForgotten, interfaceCounters }
  }

  /** Interface counters that were reset since the start. */
  get counterResets(): number {
    return this.#parts.counters?.counters.resets ?? 0
  }

  /** The state of decoding and counters, as plain JSON, from which a replay continues. */
  snapshot(): PipelineState {
    return { decoder: this.decoder.snapshot(), counters: this.#parts.counters?.snapshot() ?? [] }
  }

  /** Continues from a snapshot; damaged parts are ignored. */
  restore(state: unknown): void {
    const { decoder, counters } = state as Partial<PipelineState>
    this.decoder.restore(decoder)
    if (Array.isArray(counters)) this.#parts.counters?.restore(counters)
  }

  /** The intervals with flows, if there are no buckets; unix ms. */
  touched(): number[] {
    return [...this.#touched]
  }
}

function shifted({ sinceMs, untilMs, ...lost }: SequenceGap, byMs: number): SequenceGap {
  return { ...lost, sinceMs: sinceMs + byMs, untilMs: untilMs + byMs }
}
