/** The subjects of alerts: values of closed intervals, exporters, incidents and the disk. */
import { intervalMs, type Tier } from '../../flow/interval.ts'
import { sayIncident } from '../../flow/incident/sentence/sentence.ts'
import { hostsNamed, sayTime, type Wording } from '../../flow/incident/sentence/wording.ts'
import type { ExporterStatus } from '../../flow/status.ts'
import type { AlertSubject } from '../../store/alert.ts'
import type { IncidentSource } from '../../store/incident/ledger.ts'
import type { SeriesReader, SeriesStore } from '../../store/series.ts'
import type { StateReading } from '../../store/state/state.ts'
import type { Buckets } from '../buckets/buckets.ts'
import type { CoverageTracker } from '../coverage/coverage.ts'
import { freePercentOf } from '../status/free-space.ts'
import type { FollowedTrackers } from '../trackers/followed.ts'
import type { AlertCluster } from './cluster.ts'

/** A subject's value in an interval; null if unknown. */
export interface Observation {
  /** Identifies the subject within an alert: the exporter, or empty. */
  key: string
  /** A description of the subject. */
  about: string
  value: number | null
  /** It is at least this: some of it is not known. */
  isPart?: boolean
  /** About what it was with the flows that were lost; absent: none were. */
  withLost?: number
  unit: string
  /** Previous values, newest last; only if requested. */
  earlier: number[]
  from: number
  to: number
  /** Where to see the evidence, as a path of the web page. */
  path: string
}

/** An event that is alarming in itself: an incident, a silence. */
export interface Occurrence {
  key: string
  /** What happened; takes seconds if DNS does. */
  say: () => Promise<string>
  evidence: string
  from: number
  to: number
  path: string
}

/** A subject that cannot be evaluated. */
export class Unwatchable extends Error {}

export interface Sources {
  data: string
  tier: Tier
  state: StateReading
  followed: FollowedTrackers
  buckets: Pick<Buckets, 'trackerSums' | 'isHeld'>
  coverage: Pick<CoverageTracker, 'of' | 'exportersIn' | 'lostShare' | 'breaks'>
  series: Pick<SeriesStore, 'read' | 'coverage'>
  incidents: IncidentSource
  exporters: () => readonly WatchedExporter[]
  wording: Wording
  /** With several collectors on one store: the data of all. */
  cluster?: Pick<AlertCluster, 'disks'> & {
    series: Pick<SeriesReader, 'read' | 'coverage'>
    writtenUntil: () => number
  }
}

/** An exporter, and the age in seconds of its report, if another collector sent it. */
export type WatchedExporter = ExporterStatus & { age?: number }

/** How much is shown around an interval or incident. */
const aroundMs = 1_800_000

/** Flows lost in the last interval, in percent, by exporter. */
type Lost = ReadonlyMap<string, number>

interface NowQuestion {
  sources: Sources
  lost: Lost
  /** The values before this one, by key, oldest first. */
  earlier: (key: string) => readonly number[]
}

/** Losses of exporters, or free disk space, in the last closed interval. */
export async function observeNow(
  subject: Extract<AlertSubject, { kind: 'loss' | 'disk' }>,
  interval: number,
  { sources, lost, earlier }: NowQuestion,
): Promise<Observation[]> {
  const time = { from: interval, to: interval + intervalMs }
  if (subject.kind === 'loss')
    return [...lost]
      .filter(([exporter]) => isMeant(subject.exporter, exporter))
      .map(([exporter, value]) => ({
        key: exporter,
        about: `flows lost from ${nameOf(exporter, sources)}`,
        value,
        unit: '%',
        path: '/exporters',
        earlier: [...earlier(exporter)],
        ...time,
      }))
  const about = 'free room for the data'
  const disk = { unit: '%', path: '/status', ...time }
  if (sources.cluster)
    return sources.cluster.disks().map(({ writer, freePercent }) => ({
      key: writer,
      earlier: [...earlier(writer)],
      about: `${about} of the collector ${writer}`,
      value: freePercent,
      ...disk,
    }))
  const value = await freePercentOf(sources.data)
  return [{ key: '', about, value, earlier: [...earlier('')], ...disk }]
}

/** Current incidents and silences. */
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
        say: async () => {
          await sources.wording.learn?.(hostsNamed(incident.actors))
          return sayIncident(incident, sources.wording)
        },
        evidence: incident.facts.join('\n'),
        from: incident.from,
        to: incident.to,
        path: pathTo(incident.from, incident.to),
      }))
  }
  return sources
    .exporters()
    .filter(({ address }) => isMeant(subject.exporter, address))
    .filter(({ lastSeen, age = 0 }) => nowMs / 1000 - lastSeen - age > subject.seconds)
    .map(({ address, lastSeen }) => {
      const name = nameOf(address, sources)
      const at = sayTime(lastSeen * 1000, sources.wording.zone)
      return {
        key: address,
        say: async () => `The exporter ${name} is silent: nothing has come from it since ${at}.`,
        evidence: `What passes through ${name} is not known now; this does not say that the network is cut.`,
        from: lastSeen * 1000,
        to: nowMs,
        path: '/exporters',
      }
    })
}

/** Incidents that ended longer ago are not news. */
const incidentReachMs = 2 * 3_600_000

function isMeant(wanted: string | null | undefined, exporter: string): boolean {
  return wanted === undefined || wanted === null || wanted === exporter
}

function nameOf(exporter: string, { wording }: Sources): string {
  const name = wording.exporterName(exporter)
  return name === null ? exporter : `${name} (${exporter})`
}

/** The page's view of a time range with its surroundings. */
export function pathTo(from: number, to: number, query: Record<string, string> = {}): string {
  const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z')
  const address = new URLSearchParams({
    from: iso(Math.floor((from - aroundMs) / 1000) * 1000),
    to: iso(Math.ceil((to + aroundMs) / 1000) * 1000),
    ...query,
  })
  return `/?${address.toString()}`
}
