/** What alerts watch: values of closed intervals, exporters, incidents and the disk. */
import { statfs } from 'node:fs/promises'

import { intervalMs, type Tier } from '../../flow/interval.ts'
import { sayIncident, type Wording } from '../../flow/incident/sentence.ts'
import type { ExporterStatus } from '../../flow/status.ts'
import type { AlertSubject } from '../../store/alert.ts'
import type { IncidentSource } from '../../store/incident/ledger.ts'
import type { SeriesKey, SeriesStore } from '../../store/series.ts'
import type { StateReading } from '../../store/state.ts'
import type { KeptTracker } from '../../store/tracker.ts'
import type { Buckets } from '../buckets/buckets.ts'
import type { CoverageTracker } from '../coverage.ts'
import type { FollowedTrackers } from '../trackers/followed.ts'

/** A value of one subject in an interval; null where it is not known. */
export interface Observation {
  /** What tells subjects of one alert apart: the exporter, or nothing. */
  key: string
  /** The subject in words. */
  about: string
  value: number | null
  unit: string
  /** Values before it, the newest last; only where they were asked for. */
  earlier: number[]
  from: number
  to: number
  /** Where the evidence is, as a path of the page. */
  path: string
}

/** Something that is amiss by itself: an incident, a silence. */
export interface Occurrence {
  key: string
  text: string
  evidence: string
  from: number
  to: number
  path: string
}

/** A subject that cannot be watched. */
export class Unwatchable extends Error {}

export interface Sources {
  data: string
  tier: Tier
  state: StateReading
  followed: FollowedTrackers
  buckets: Pick<Buckets, 'trackerSums'>
  coverage: Pick<CoverageTracker, 'of' | 'exportersIn'>
  series: Pick<SeriesStore, 'read' | 'coverage'>
  incidents: IncidentSource
  exporters: () => readonly ExporterStatus[]
  wording: Wording
}

/** Per second, of a sum over an interval: bytes to bits, flow-milliseconds to flows. */
const measures = {
  bits: { field: 'bytes', scale: 8000 / intervalMs, unit: 'bit/s' },
  packets: { field: 'packets', scale: 1000 / intervalMs, unit: 'packets/s' },
  flows: { field: 'flows', scale: 1000 / intervalMs, unit: 'flows/s' },
  active: { field: 'active', scale: 1 / intervalMs, unit: 'flows at a time' },
} as const
/**
 * An exporter that was silent for longer at the end of an interval may have stopped: that little
 * passed is then not known until it is heard again.
 */
const heardWithinMs = 90_000
/** What is shown around an interval or an incident. */
const aroundMs = 1_800_000

/** Flows lost in the last interval, of all, in percent, by exporter. */
export type Lost = ReadonlyMap<string, number>

/** Losses of exporters, or the room left on the disk, in the interval that is over. */
export async function observeNow(
  subject: Extract<AlertSubject, { kind: 'loss' | 'disk' }>,
  interval: number,
  { sources, lost }: { sources: Sources; lost: Lost },
): Promise<Observation[]> {
  const time = { earlier: [], from: interval, to: interval + intervalMs }
  if (subject.kind === 'loss')
    return [...lost]
      .filter(([exporter]) => isMeant(subject.exporter, exporter))
      .map(([exporter, value]) => ({
        key: exporter,
        about: `flows lost from ${nameOf(exporter, sources)}`,
        value,
        unit: '%',
        path: '/exporters',
        ...time,
      }))
  const { bavail, blocks } = await statfs(sources.data)
  const value = blocks === 0 ? null : (100 * bavail) / blocks
  return [{ key: '', about: 'free room for the data', value, unit: '%', path: '/status', ...time }]
}

/** Values of a tracker in the last `back` intervals up to one, the oldest first, as they are now. */
export async function observeTracker(
  subject: Extract<AlertSubject, { kind: 'tracker' }>,
  last: number,
  { sources, back, earlier }: { sources: Sources; back: number; earlier: number },
): Promise<Observation[]> {
  const { state, followed, buckets, coverage } = sources
  const tracker = await state.get<KeptTracker>('trackers', subject.tracker)
  const number = followed.numberOf(subject.tracker)
  if (!tracker) throw new Unwatchable(`there is no tracker "${subject.tracker}" any more`)
  const problem = followed.problems.get(subject.tracker)
  if (problem !== undefined) throw new Unwatchable(`its filter cannot be read: ${problem}`)
  const { name, spans } = tracker.body
  const { field, scale, unit } = measures[subject.measure]
  const first = last - (back - 1) * intervalMs
  const before =
    earlier === 0 ? [] : await valuesBefore(subject, first, { sources, count: earlier })
  const filter = spans.at(-1)?.filter ?? ''
  const heardAt = new Map(
    sources.exporters().map(({ address, lastSeen }) => [address, lastSeen * 1000]),
  )
  return Array.from({ length: back }, (_, at) => {
    const from = first + at * intervalMs
    const isFollowed = spans.some((span) => from >= span.from && (span.to ?? Infinity) > from)
    const isKnown = coverage
      .exportersIn(from)
      .some(
        (exporter) =>
          coverage.of(exporter, from)?.known === 1 &&
          (heardAt.get(exporter) ?? 0) >= from + intervalMs - heardWithinMs,
      )
    const sums = number === undefined ? null : buckets.trackerSums(from, number)
    const sum = sums?.[field][subject.direction ?? 'all'] ?? 0
    const value = isFollowed && isKnown ? sum * scale : null
    const own = [...before]
    if (value !== null) before.push(value)
    const to = from + intervalMs
    const about = [name, subject.direction].filter(Boolean).join(' ')
    return {
      key: '',
      about,
      value,
      unit,
      earlier: own,
      from,
      to,
      path: pathTo(from, to, { filter }),
    }
  })
}

async function valuesBefore(
  { tracker, direction, measure }: Extract<AlertSubject, { kind: 'tracker' }>,
  to: number,
  { sources, count }: { sources: Sources; count: number },
): Promise<number[]> {
  const from = to - count * intervalMs
  const { field, scale } = measures[measure]
  const key: SeriesKey = direction === undefined ? { tracker } : { tracker, direction }
  const range = { tier: sources.tier, from, to }
  const rows = await sources.series.read({
    ...range,
    measurement: 'tracker',
    by: direction === undefined ? ['tracker'] : ['tracker', 'direction'],
    keys: [key],
    rest: false,
    sumsOnly: true,
    fields: [field],
  })
  const known = new Set<number>()
  for (const { time, known: isKnown } of await sources.series.coverage(range))
    if (isKnown === 1) known.add(time)
  const values = new Map([...known].sort((a, b) => a - b).map((time) => [time, 0]))
  for (let row = 0; row < rows.count; row++) {
    const time = rows.time[row]!
    if (rows.key[row] === 0 && values.has(time))
      values.set(time, values.get(time)! + rows.sum[field][row]! * scale)
  }
  return [...values.values()]
}

/** Incidents and silences as of now. */
export async function occurrences(
  subject: Extract<AlertSubject, { kind: 'incident' | 'silent' }>,
  nowMs: number,
  sources: Sources,
): Promise<Occurrence[]> {
  if (subject.kind === 'incident') {
    const found = await sources.incidents.between(nowMs - incidentReachMs, nowMs + intervalMs)
    return found
      .filter(({ exporter }) => isMeant(subject.exporter, exporter))
      .map((incident) => ({
        key: incident.id,
        text: sayIncident(incident, sources.wording),
        evidence: incident.facts.join('\n'),
        from: incident.from,
        to: incident.to,
        path: pathTo(incident.from, incident.to),
      }))
  }
  return sources
    .exporters()
    .filter(({ address }) => isMeant(subject.exporter, address))
    .filter(({ lastSeen }) => nowMs / 1000 - lastSeen > subject.seconds)
    .map(({ address, lastSeen }) => {
      const name = nameOf(address, sources)
      const at = new Date(lastSeen * 1000).toISOString().slice(0, 19)
      return {
        key: address,
        text: `The exporter ${name} is silent: nothing has come from it since ${at}Z.`,
        evidence: `What passes through ${name} is not known now; this does not say that the network is cut.`,
        from: lastSeen * 1000,
        to: nowMs,
        path: '/exporters',
      }
    })
}

/** Incidents that ended longer ago are no news. */
const incidentReachMs = 2 * 3_600_000

function isMeant(wanted: string | null | undefined, exporter: string): boolean {
  return wanted === undefined || wanted === null || wanted === exporter
}

function nameOf(exporter: string, { wording }: Sources): string {
  const name = wording.exporterName(exporter)
  return name === null ? exporter : `${name} (${exporter})`
}

/** A view of the page that shows the time with what surrounds it. */
function pathTo(from: number, to: number, query: Record<string, string> = {}): string {
  const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z')
  const address = new URLSearchParams({
    from: iso(Math.floor((from - aroundMs) / 1000) * 1000),
    to: iso(Math.ceil((to + aroundMs) / 1000) * 1000),
    ...query,
  })
  return `/?${address.toString()}`
}
