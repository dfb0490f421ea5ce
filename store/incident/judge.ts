/** Judges a time: what happened, with all facts, and what of it is usual and so no incident. */
import { findEvents } from '../../flow/incident/find.ts'
import type { Finding } from '../../flow/incident/finding.ts'
import { spanOf, totalOf } from '../../flow/incident/facts.ts'
import type { ActorFacts, Incident } from '../../flow/incident/incident.ts'
import type { Scene } from '../../flow/incident/scene.ts'
import type { Sensitivity } from '../../flow/incident/sensitivity.ts'
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import type { Coverage } from '../series.ts'
import { factsOfHosts } from './host-facts.ts'
import { usualOf } from './history.ts'
import { readSurroundings, type SurroundingsQuery } from './surroundings.ts'

export interface JudgeQuery extends SurroundingsQuery {
  sensitivity: Sensitivity
  /** IANA zone by whose clock an hour is the same as on another day. */
  zone: string
}

export interface Judged {
  exporter: string
  scene: Scene
  /** What happened in the surroundings, in order of time; not only within the time asked for. */
  incidents: Incident[]
  /** Hosts that did the like at this hour before, so that it is no incident: sentences. */
  usual: string[]
  /** Flows that were lost around a span, by the exporter's numbers. */
  lostIn: (span: { from: number; to: number }) => Incident['lost']
}

/** What an actor did on so many earlier days is usual for it. */
const usualTimes = 2
/** And so much of it, in bytes of five minutes. */
const usualShare = 0.5

/**
 * Judges [from, to) for each exporter that has flows there.
 * @throws QueryTooLarge where there are more flows than may be gone over
 */
export async function judge(query: JudgeQuery): Promise<Judged[]> {
  // Before flows are read, which takes long and much memory: a store that is away shows at once.
  const asked = { from: intervalStart(query.from), to: intervalStart(query.to) + intervalMs }
  await query.series.coverage({ tier: query.tier, ...asked })
  const { scenes, breaks } = await readSurroundings(query)
  const judged: Judged[] = []
  for (const scene of scenes) {
    const { exporter } = scene.table
    const own = breaks.filter((each) => each.exporter === exporter)
    const coverage = await coverageOf(query, scene)
    const findings = findEvents(scene, { sensitivity: query.sensitivity, breaks: own })
    const incidents: Incident[] = []
    const usual: string[] = []
    for (const finding of findings) {
      const incident = await incidentOf(query, scene, { finding, coverage })
      if (!incident) continue
      const why = await whyUsual(query, incident)
      if (why === null) incidents.push(incident)
      else usual.push(why)
    }
    const lostIn = (span: { from: number; to: number }) => lostAround(coverage, span)
    judged.push({ exporter, scene, incidents, usual, lostIn })
  }
  return judged
}

/** An event that begins so shortly after what was read may have begun before it. */
const cutShortMs = 60_000

/** Whether an incident may have begun before what was read. */
export function isCutShort({ from }: Incident, { grid }: Scene): boolean {
  return from <= grid.from + cutShortMs
}

function coverageOf({ series, tier }: JudgeQuery, { table, grid }: Scene): Promise<Coverage[]> {
  const from = intervalStart(grid.from)
  const to = intervalStart(grid.from + grid.seconds * 1000) + intervalMs
  return series.coverage({ tier, from, to, exporters: [table.exporter] })
}

/** An incident with its facts; null where the collector itself was not there to see. */
async function incidentOf(
  query: JudgeQuery,
  scene: Scene,
  { finding, coverage }: { finding: Finding; coverage: readonly Coverage[] },
): Promise<Incident | null> {
  const span = spanOf(scene, finding)
  const within = coverage.filter(({ time }) => time < span.to && time + intervalMs > span.from)
  const isHole = finding.kind === 'silence' || finding.kind === 'exporter'
  if (isHole && within.some(({ unknown }) => (unknown['not-listening'] ?? 0) > 0)) return null
  // Versions without sequence numbers leave it open whether anything was sent: that is no silence.
  const isUnknown = within.some(({ known, time }) => known === 0 && time >= span.from)
  const kind = finding.kind === 'silence' && isUnknown ? 'exporter' : finding.kind
  const { exporter, sampling } = scene.table
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
    isOngoing: finding.isOpenEnd,
    actors,
    othersKept: finding.othersKept,
    facts: finding.facts,
    total: totalOf(scene, span),
    lost: lostAround(coverage, span),
    sampling,
    idleMs: scene.connections.idleMs,
    ...(estimatedFrom > 1 && { estimatedFrom }),
  }
}

function lostAround(
  coverage: readonly Coverage[],
  { from, to }: { from: number; to: number },
): Incident['lost'] {
  const within = coverage.filter(({ time }) => time < to && time + intervalMs > from)
  return {
    flows: within.reduce((sum, { lostFlows }) => sum + lostFlows, 0),
    estimated: within.some(({ lostFlowsEstimated }) => lostFlowsEstimated),
  }
}

/** Puts down what is normal for the actors; says why it is no incident where all of them do so every day. */
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
  const holds = isUsual[incident.kind]
  if (!holds || !actors.every((actor, i) => holds(actor, i))) return null
  return `${actors.map(({ host }) => host).join(', ')} did the like at this hour on earlier days`
}

function fiveMinuteBytes({ bytes }: ActorFacts, { from, to }: Incident): number {
  return to - from <= intervalMs ? bytes : (bytes / (to - from)) * intervalMs
}
