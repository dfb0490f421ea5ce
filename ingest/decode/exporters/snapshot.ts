/**
 * The decoder's memory as plain JSON, so that templates, sampling and sequence numbers survive a
 * restart.
 */
import type { ExporterStatus } from '../../../flow/status.ts'
import type { DatagramVersion } from '../datagram.ts'
import type { CountedFlows } from '../counted-before/flows.ts'
import type { CountedBeforeState } from '../counted-before/stream.ts'
import type { KeptStarts } from '../kept-starts.ts'
import type { Exporters } from './exporters.ts'
import type { Parking } from '../templates/parking.ts'
import type { RateEntry } from './current-rates.ts'
import type { Sampling } from './sampling.ts'
import type { SequenceSnapshot } from '../sequence/sequence.ts'
import type { SkewState } from './skew.ts'
import type { Stream } from './stream.ts'
import type { TemplateStore } from '../templates/store.ts'
import type { Template } from '../templates/template.ts'

/** Incremented when the shape changes; snapshots of another shape are ignored. */
export const shape = 1

type Entries<T> = [number, T][]

export interface TemplateState {
  id: number
  scopeCount: number
  isOptions: boolean
  usedMs: number
  isAdopted?: boolean
  /** See both-ways.ts. Builds before 2026-11-30 did not keep it. */
  seen?: Template['seen']
  /** id, enterprise and length of each field in turn. */
  fields: number[]
}

export interface SamplingState {
  rate: number | null
  bySelector: Entries<number>
  byInterface: Entries<number>
  /** Builds before 2026-11-30 did not keep them. */
  bySequence?: Entries<number>
  /** See CurrentRates. Builds before 2026-11-30 did not keep them. */
  samplers?: RateEntry[]
  domains?: RateEntry[]
}

export interface StreamState {
  version: DatagramVersion
  domain: number
  sourcePort: number
  /** Builds before 2026-12-01 did not ask. */
  agent?: number
  seenMs: number
  bootMs: number | null
  bootGuessed: boolean
  /** Builds before 2026-11-30 did not ask. */
  replacesMs?: number | null
  sequence: SequenceSnapshot
  /** What counted of flows that are reported again, if any are. Builds before 2026-11-30 did not ask. */
  countedBefore?: CountedBeforeState
  /** What speaks for one counter of all domains. Builds before 2026-11-30 did not ask. */
  sessionEvidence?: number
  sampling: SamplingState
  templates: TemplateState[]
  parked: {
    templateId: number
    bytes: string
    receivedMs: number
    exportMs: number
    uptimeMs: number
  }[]
}

export interface ExporterState {
  status: ExporterStatus
  firstSeenMs: number
  lastSeenMs: number
  skew: SkewState | null
  records: number
  optionsRecords: number
  parkedSets: number
  lastRate: number
  unknownSamplers: number[]
  samplings: [DatagramVersion, SamplingState][]
  sampling?: SamplingState
  applications: Entries<string>
  vrfs: Entries<string>
  statistics: Entries<[string, number][]>
  streams: StreamState[]
}

export interface DecoderState {
  shape: number
  exporters: ExporterState[]
  /** See KeptStarts. Builds before 2026-11-30 did not keep them. */
  keptStarts?: number[]
}

/** What snapshots are taken from and restored to. */
export interface DecoderParts {
  exporters: Exporters
  templates: TemplateStore
  parking: Parking
  counted: CountedFlows
  keptStarts: KeptStarts
}

function samplingState(sampling: Sampling): SamplingState {
  return {
    rate: sampling.rate,
    bySelector: [...sampling.bySelector],
    byInterface: [...sampling.byInterface],
    bySequence: [...sampling.bySequence],
    samplers: sampling.samplers.entries(),
    domains: sampling.domains.entries(),
  }
}

function streamState(stream: Stream, countedBefore?: CountedBeforeState): StreamState {
  const { version, domain, sourcePort, agent, seenMs, bootMs, bootGuessed, replacesMs } = stream
  return {
    version,
    domain,
    sourcePort,
    agent,
    seenMs,
    bootMs,
    bootGuessed,
    replacesMs,
    sequence: stream.sequence.snapshot(),
    ...(countedBefore === undefined ? {} : { countedBefore }),
    sessionEvidence: stream.session.evidence,
    sampling: samplingState(stream.sampling),
    templates: [...stream.templates.values()].map((template) => ({
      id: template.id,
      scopeCount: template.scopeCount,
      isOptions: template.isOptions,
      isAdopted: template.isAdopted,
      seen: { ...template.seen },
      usedMs: template.usedMs,
      fields: template.fields.flatMap(({ id, enterprise, length }) => [id, enterprise, length]),
    })),
    parked: stream.parked.map((set) => ({
      ...set,
      bytes: Buffer.from(set.bytes).toString('base64'),
    })),
  }
}

/** Everything that the decoder remembers. */
export function takeSnapshot({ exporters, counted, keptStarts }: DecoderParts): DecoderState {
  const states = counted.snapshot()
  const countedBefore = (stream: Stream) => {
    const state = states.get(stream.countedBefore)
    // Streams from several ports of one exporter share it: its flows are stored with one of them.
    if (state) states.set(stream.countedBefore, { ...state, flows: [] })
    return state
  }
  const taken = [...exporters.byAddress.values()].map((exporter) => ({
    status: exporter.status(),
    firstSeenMs: exporter.firstSeenMs,
    lastSeenMs: exporter.lastSeenMs,
    skew: exporter.skew.snapshot(),
    records: exporter.records,
    optionsRecords: exporter.optionsRecords,
    parkedSets: exporter.parkedSets,
    lastRate: exporter.lastRate,
    unknownSamplers: [...exporter.unknownSamplers.ids],
    samplings: [...exporter.samplings].map(
      ([version, sampling]): [DatagramVersion, SamplingState] => [version, samplingState(sampling)],
    ),
    applications: [...exporter.applications],
    vrfs: [...exporter.vrfs],
    statistics: [...exporter.statistics].map(([domain, said]): [number, [string, number][]] => [
      domain,
      [...said],
    ]),
    streams: [...exporter.streams.values()].map((stream) =>
      streamState(stream, countedBefore(stream)),
    ),
  }))
  return { shape, exporters: taken, keptStarts: keptStarts.snapshot() }
}
