/**
 * What exporters announced in captures, for the captures after them: templates, sampling rates and
 * names, which many send only now and then. Numbers of datagrams are not continued: what was sent
 * between two captures was not lost, but not captured.
 */
import type { Archive } from '../../store/archive/archive.ts'
import { isRepeated } from '../decode/counted-before/stream.ts'
import { decoderLimits } from '../decode/limits.ts'
import {
  shape,
  type DecoderState,
  type ExporterState,
  type StreamState,
} from '../decode/exporters/snapshot.ts'
import { Sequence } from '../decode/sequence/sequence.ts'
import { sequenceUnits } from '../decode/exporters/stream.ts'

/** The name of the value in the archive's manifest. */
export const announcedName = 'announced'

/** A capture that begins later than this after the last one may be of another device with the same address. */
const goesOnMs = 3_600_000

/**
 * A decoder's state with what was announced by the exporters last seen shortly before `ms` (unix
 * ms, by the captures' time).
 */
export function announcedBefore(archive: Pick<Archive, 'value'>, ms: number): DecoderState {
  const goesOn = ({ lastSeenMs }: ExporterState) => lastSeenMs <= ms && ms - lastSeenMs <= goesOnMs
  return { shape, exporters: heldOf(archive).filter(goesOn) }
}

/** What is kept for later captures: of each exporter, the latest. */
export function announcedWith(archive: Pick<Archive, 'value'>, decoder: unknown): DecoderState {
  const held = new Map(heldOf(archive).map((state) => [state.status.address, state]))
  for (const state of (decoder as DecoderState).exporters) {
    const { address, datagrams } = state.status
    const isLater = datagrams > 0 && state.lastSeenMs >= (held.get(address)?.lastSeenMs ?? 0)
    if (isLater && state.streams.some(announces)) held.set(address, withoutCounts(state))
  }
  const latest = [...held.values()].sort((a, b) => b.lastSeenMs - a.lastSeenMs)
  return { shape, exporters: latest.slice(0, decoderLimits.exportersMax) }
}

function heldOf(archive: Pick<Archive, 'value'>): ExporterState[] {
  const state = archive.value<DecoderState>(announcedName)
  return state?.shape === shape ? state.exporters : []
}

function announces({ templates, sampling }: StreamState): boolean {
  return templates.length > 0 || sampling.rate !== null
}

function withoutCounts(state: ExporterState): ExporterState {
  const none = { datagrams: 0, flows: 0, packets: 0, bytes: 0, flowsLeftOut: 0, parked: 0 }
  const rest = { duplicates: 0, reordered: 0, restarts: 0, problems: {}, statistics: {} }
  const lost = { datagrams: 0, flows: 0, flowsEstimated: false }
  return {
    ...state,
    status: { ...state.status, ...none, ...rest, lost },
    skew: null,
    records: 0,
    optionsRecords: 0,
    parkedSets: 0,
    unknownSamplers: [],
    statistics: [],
    streams: state.streams.filter(announces).map(({ countedBefore: counted, ...stream }) => ({
      ...stream,
      // Flows that are reported once would take megabytes of each manifest from then on.
      ...(counted && isRepeated(counted) && { countedBefore: counted }),
      bootMs: stream.bootGuessed ? null : stream.bootMs,
      bootGuessed: false,
      sequence: new Sequence(sequenceUnits[stream.version]).snapshot(),
      parked: [],
    })),
  }
}
