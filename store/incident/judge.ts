/**
 * Judges a time: what happened, with all facts, and which of it is usual and so not an incident.
 */
import type { Finding } from '../../flow/incident/finding.ts'
import { passedIn, totalOf } from '../../flow/incident/facts/totals.ts'
import { spanOf, type Span } from '../../flow/incident/facts/span.ts'
import {
  clockSetMs,
  type ActorFacts,
  type ExporterBreak,
  type Gap,
  type Incident,
} from '../../flow/incident/incident.ts'
import type { Scene } from '../../flow/incident/scene/scene.ts'
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { formatDuration } from '../../flow/units.ts'
import { withoutUnreadable } from '../coverage.ts'
import { leftOutReasons, type UnknownReason } from '../measurement.ts'
import type { Coverage } from '../series.ts'
import { carriedBy } from './carried.ts'
import { factsOfHosts } from './host-facts.ts'
import { usualOf } from './history.ts'
import { readSurroundings, type SurroundingsQuery } from './surroundings.ts'

export interface JudgeQuery extends SurroundingsQuery {
  /** IANA time zone in which hours of different days are compared. */
  zone: string
}

export interface Judged {
  exporter: string
  scene: Scene
  /** Incidents in the surroundings, in order of time; not only within the time asked for. */
  incidents: Incident[]
  /**
   * A sentence for each finding that is not an incident because its hosts do the same at this hour
   * on other days, and for each gap that is only one in the exporter's clock.
   */
  usual: string[]
  /** Times around it, in order, of which not everything is known, in whole intervals. */
  unknown: Span[]
  /** Flows lost around a span, by the exporter's sequence numbers. */
  lostIn: (span: { from: number; to: number }) => Incident['lost']
}

/** An actor's activity is usual if seen on this many earlier days. */
const usualTimes = 2
/** An earlier activity counts as the same if it reached this share of the event's figure. */
const usualShare = 0.5

/**
 * Judges [from, to) for each exporter that has flows there.
 * @throws QueryTooLarge if there are more flows than may be read
 */
export async function judge(query: JudgeQuery): Promise<Judged[]> {
  // Before reading flows, which takes long and much memory: fails at once if the store is away.
  const range = { from: intervalStart(query.from), to: intervalStart(query.to) + intervalMs }
  await query.series.coverage({ tier: query.tier, ...range })
  const { examined, breaks } = await readSurroundings(query)
  const judged: Judged[] = []
  for (const { scene, findings } of examined) {
    const { exporter } = scene.table
    const own = breaks.filter((each) => each.exporter === exporter)
    const coverage = await coverageOf(query, scene)
    const incidents: Incident[] = []
    const usual: string[] = []
    for (const finding of findings) {
      const incident = await incidentOf(query, scene, { finding, coverage })
      if (!incident) continue
      const why = await whyUsual(query, incident)
      if (why === null) incidents.push(incident)
      else usual.push(why)
    }
    if (examined.length > 1) scene.release()
    usual.push(...own.flatMap((each) => whyNoGap(query, each) ?? []))
    const lostIn = (span: { from: number; to: number }) => lostAround(coverage, scene, span)
    judged.push({ exporter, scene, incidents, usual, unknown: unknownIn(coverage), lostIn })
  }
  return judged
}

/** An event that begins this soon after the start of the data may have begun before it. */
const cutShortMs = 60_000

/** Whether an incident may have begun before the start of the data. */
export function isCutShort({ from }: Incident, { grid }: Scene): boolean {
  return from <= grid.from + cutShortMs
}

async function coverageOf(
  { series, flows, tier }: JudgeQuery,
  { table, grid }: Scene,
): Promise<readonly Coverage[]> {
  const from = intervalStart(grid.from)
  const to = intervalStart(grid.from + grid.seconds * 1000) + intervalMs
  const rows = await series.coverage({ tier, from, to, exporters: [table.exporter] })
  const leftOut = (await flows.unreadable?.(from, to)) ?? []
  return withoutUnreadable(withHoles(rows, tier.stepMs), leftOut, tier.stepMs)
}

/**
 * An exporter's coverage with a row for each step between the first and the last: where none is
 * stored, nobody listened.
 */
function withHoles(rows: readonly Coverage[], stepMs: number): Coverage[] {
  const none = { known: 0, datagrams: 0, lostFlows: 0, lostFlowsEstimated: false }
  const sorted = rows.toSorted((a, b) => a.time - b.time)
  return sorted.flatMap((row, i) => {
    const holes: Coverage[] = []
    const before = sorted[i - 1]?.time ?? row.time
    for (let time = before + stepMs; time < row.time; time += stepMs)
      holes.push({ ...none, time, exporter: row.exporter, unknown: { 'not-listening': 1 } })
    return [...holes, row]
  })
}

/** The intervals of one exporter of which not everything is known, those that touch as one. */
function unknownIn(coverage: readonly Coverage[]): Span[] {
  const spans: Span[] = []
  for (const { time, known } of [...coverage].sort((a, b) => a.time - b.time)) {
    if (known > 0) continue
    const last = spans.at(-1)
    if (last?.to === time) last.to += intervalMs
    else spans.push({ from: time, to: time + intervalMs })
  }
  return spans
}

/** What is unknown, and what was lost, of each exporter that was heard in a time or is missing from it. */
export async function lackingByExporter({ series, flows, tier, from, to }: JudgeQuery) {
  const range = { from: intervalStart(from), to: intervalStart(to - 1) + intervalMs }
  const rows = await series.coverage({ tier, ...range })
  const leftOut = (await flows.unreadable?.(range.from, range.to)) ?? []
  return [...Map.groupBy(rows, ({ exporter }) => exporter)].map(([exporter, own]) => ({
    exporter,
    unknown: unknownIn(withoutUnreadable(withHoles(own, tier.stepMs), leftOut, tier.stepMs)),
    lost: sumLost(own),
  }))
}

/** Why time is unknown by which a hole in the flows is none of the traffic's. */
const oursReasons: readonly UnknownReason[] = ['not-listening', ...leftOutReasons]

/** An incident with its facts; null if the collector itself was not listening, or what it received cannot be read. */
async function incidentOf(
  query: JudgeQuery,
  scene: Scene,
  { finding, coverage }: { finding: Finding; coverage: readonly Coverage[] },
): Promise<Incident | null> {
  const span = spanOf(scene, finding)
  const within = coverage.filter(({ time }) => time < span.to && time + intervalMs > span.from)
  if (isHole(finding) && (finding.isOurs || isOurs(within))) return null
  // Versions without sequence numbers do not show whether anything was sent: that is not silence.
  const isUnknown = within.some(({ known, time }) => known === 0 && time >= span.from)
  const mayBeSilence = finding.kind === 'silence' && isUnknown
  const kind = mayBeSilence ? 'exporter' : finding.kind
  const { exporter, sampling, samplingMin } = scene.table
  const passed = kind === 'silence' ? passedIn(scene, span) : null
  const carried = kind === 'silence' ? await carriedBy(query, scene, span) : null
  const { actors, estimatedFrom } = await factsOfHosts(query, scene, {
    hosts: finding.actors,
    span,
    directionOf: () => finding.direction,
  })
  return {
    id: `${exporter}-${new Date(span.from).toISOString().slice(0, 19)}Z`,
    exporter,
    kind,
    ...span,
    ...(finding.isOpenStart && { isOpenStart: true }),
    isOngoing: finding.isOpenEnd,
    ...(finding.gaps && { gaps: finding.gaps.map((gap) => gapOf(scene, gap)) }),
    actors,
    ...saidOf(finding),
    ...(mayBeSilence && { mayBeSilence }),
    facts: mayBeSilence ? finding.facts.slice(0, 1) : finding.facts,
    total: totalOf(scene, span),
    ...(passed !== null && { passed }),
    ...(carried !== null && { carried }),
    lost: lostAround(coverage, scene, span),
    sampling,
    ...(samplingMin < sampling && { samplingVaries: true }),
    idleMs: scene.connections.idleMs,
    ...(estimatedFrom > 1 && { estimatedFrom }),
  }
}

function isHole({ kind }: Finding): boolean {
  return kind === 'silence' || kind === 'exporter'
}

/** Whether the collector did not listen for some of a time, or what it received then cannot be read. */
function isOurs(coverage: readonly Coverage[]): boolean {
  return coverage.some(({ unknown }) => oursReasons.some((reason) => (unknown[reason] ?? 0) > 0))
}

function gapOf(scene: Scene, gap: NonNullable<Finding['gaps']>[number]): Gap {
  return {
    ...spanOf(scene, gap),
    ...(gap.isOurs && { isOurs: true }),
    ...(gap.isUnreadable && { isUnreadable: true }),
  }
}

/** What an incident says as its finding does. */
function saidOf({ othersKept, fromOutside, spanned, wentOn, connectionsKept }: Finding) {
  return {
    othersKept,
    ...(fromOutside !== undefined && { fromOutside }),
    ...(spanned && { spanned }),
    ...(wentOn !== undefined && { wentOn }),
    ...(connectionsKept !== undefined && { connectionsKept }),
  }
}

/**
 * Losses count where they are noticed: with the first datagram after them, whose records may have
 * begun before it by as long as a record lasts, so perhaps in the interval after the span.
 */
function lostAround(
  coverage: readonly Coverage[],
  { connections }: Scene,
  { from, to }: { from: number; to: number },
): Incident['lost'] {
  const noticed = to + Math.min(connections.idleMs, intervalMs)
  return sumLost(coverage.filter(({ time }) => time <= noticed && time + intervalMs > from))
}

function sumLost(coverage: readonly Coverage[]): Incident['lost'] {
  return {
    flows: coverage.reduce((sum, { lostFlows }) => sum + lostFlows, 0),
    estimated: coverage.some(({ lostFlowsEstimated }) => lostFlowsEstimated),
  }
}

/** Notes what is normal for the actors; returns why it is not an incident if all of them do so regularly. */
async function whyUsual(query: JudgeQuery, incident: Incident): Promise<string | null> {
  if (incident.actors.length === 0) return null
  const { series, tier, zone } = query
  const { exporter, from, to, actors } = incident
  const keys = actors.map(({ host, direction }) => ({ host, direction }))
  const usual = await usualOf(
    { series, tier, exporter, from, to, zone },
    { measurement: 'host', keys },
  )
  if (!usual) return null
  for (const [i, actor] of actors.entries()) actor.normal = Math.round(usual.bytes[i]!)
  const isUsual: Partial<Record<Incident['kind'], (actor: ActorFacts, i: number) => boolean>> = {
    congestion: (actor, i) =>
      usual.reached(i, usualShare * fiveMinuteBytes(actor, incident)) >= usualTimes,
    surge: ({ connections, accepted }, i) =>
      usual.isEarlier && usual.flows[i]! >= usualShare * Math.max(connections, accepted),
  }
  const holds = isUsual[incident.connectionsKept === undefined ? incident.kind : 'surge']
  const habits = holds ? actors.filter((actor, i) => holds(actor, i)) : []
  if (habits.length < actors.length) {
    for (const actor of habits) actor.isUsual = true
    return null
  }
  return `${actors.map(({ host }) => host).join(', ')} did the like at this hour on earlier days`
}

/** Says that an exporter's clock was set forward in the time asked for; null if it was not. */
function whyNoGap({ from, to }: JudgeQuery, each: ExporterBreak) {
  const { exporter, clock } = each
  if (!clock || clock.from >= to || clock.to <= from) return null
  const by = formatDuration(Math.round(clockSetMs(each) / 1000))
  const whose = clock.isOurs === true ? 'Weir’s own clock' : `The clock of ${exporter}`
  return `${whose} was set forward by ${by}, so no flow has a time in between, which is no gap in the traffic`
}

function fiveMinuteBytes({ bytes }: ActorFacts, { from, to }: Incident): number {
  return to - from <= intervalMs ? bytes : (bytes / (to - from)) * intervalMs
}
