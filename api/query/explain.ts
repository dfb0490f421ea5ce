/** What happened in a window: the event found in it, with its facts, or the greatest hosts where there is none. */
import { greatestHosts, totalOf, type Span } from '../../flow/incident/facts.ts'
import type { ActorFacts, Incident } from '../../flow/incident/incident.ts'
import type { Scene } from '../../flow/incident/scene.ts'
import { sensitivityTable } from '../../flow/incident/sensitivity.ts'
import { zoneOf } from '../../flow/settings.ts'
import { QueryTooLarge } from '../../store/query-error.ts'
import { factsOfHosts } from '../../store/incident/host-facts.ts'
import { usualOf } from '../../store/incident/history.ts'
import { isCutShort, judge, type JudgeQuery, type Judged } from '../../store/incident/judge.ts'
import type { IncidentSource } from '../../store/incident/ledger.ts'
import type { ApiParts } from '../parts.ts'
import type { Window } from './window.ts'

/** Longer windows are answered from the incidents that ingest found, ms. */
export const lookedMs = 6 * 3_600_000
/** Flows that are gone over while somebody waits: about as many a second and processor as a tenth of this. */
const rowsMost = 30_000_000
/** Hosts that are named where nobody is to blame. */
const greatestMost = 3
/** An event that had begun before what was read is looked at again from so much earlier, ms. */
const widerMs = [3_600_000, 6 * 3_600_000]

/** The event of a window, and what it is told from. */
export interface Event {
  asked: Span
  /** Null where nothing happened. */
  incident: Incident | null
  /** The incident's time, or the window asked for. */
  span: Span
  /** The exporter it is about; null for several. */
  exporter: string | null
  /** The seconds around it; null where the archive does not hold them any more. */
  scene: Scene | null
  /** Flows that were lost around it; null where that is not known. */
  lost: Incident['lost'] | null
  /** Why nothing can be said of the window itself; null where its flows were looked at. */
  unseen: Unseen | null
  /** The hosts with most bytes, where nothing happened. */
  greatest: ActorFacts[]
  /** What would have been an incident, were it not usual at that hour. */
  usual: string[]
  /** It is told as it was judged, and its flows are in the archive no more. */
  isGone: boolean
}

/** No flows came; they came and are kept no more; the window is too long, or holds too many, to be looked into. */
export type Unseen = 'none-received' | 'gone' | 'too-long' | 'too-many'

export interface ExplainContext extends Pick<ApiParts, 'settings' | 'series' | 'flows'> {
  ledger: IncidentSource
  signal?: AbortSignal
}

/** Finds the event of a window. */
export async function findEvent(window: Window, context: ExplainContext): Promise<Event> {
  const { from, to, exporter } = window
  const asked = { from, to }
  const known = (await context.ledger.between(from, to)).filter(
    (each) => exporter === undefined || each.exporter === exporter,
  )
  const worst = gravest(known, asked)
  const { look, judged, refused } = await lookInto(asked, { exporter, worst }, context)
  if (refused !== null) return nothing(window, { judged, refused }, context)
  const found = gravest(
    judged.flatMap(({ incidents }) => incidents),
    look,
  )
  if (!found)
    return worst
      ? fromLedger(window, worst, context)
      : nothing(window, { judged, refused }, context)
  const whole = await wholeEvent(found, judged, context)
  return {
    asked,
    incident: { ...whole.incident, id: sameId(whole.incident, known) },
    span: whole.incident,
    exporter: found.exporter,
    scene: whole.scene,
    lost: whole.incident.lost,
    unseen: null,
    greatest: [],
    usual: [],
    isGone: false,
  }
}

interface Looked {
  look: Span
  judged: Judged[]
  /** Why nothing was looked at. */
  refused: 'too-long' | 'too-many' | null
}

/**
 * Judges the window, with the whole of the gravest incident that is known in it, or that alone where they are
 * too long or hold too many flows; nothing where there is none.
 */
async function lookInto(
  asked: Span,
  { exporter, worst }: { exporter: string | undefined; worst: Incident | undefined },
  context: ExplainContext,
): Promise<Looked> {
  const whole = {
    from: Math.min(asked.from, worst?.from ?? asked.from),
    to: Math.max(asked.to, worst?.to ?? asked.to),
  }
  const isLong = whole.to - whole.from > lookedMs
  if (!isLong)
    try {
      return { look: asked, judged: await judge(queryOf(context, whole, exporter)), refused: null }
    } catch (error) {
      if (!(error instanceof QueryTooLarge)) throw error
    }
  if (!worst) return { look: asked, judged: [], refused: isLong ? 'too-long' : 'too-many' }
  const look = { from: worst.from, to: worst.to }
  try {
    return { look, judged: await judge(queryOf(context, look, worst.exporter)), refused: null }
  } catch (error) {
    if (!(error instanceof QueryTooLarge)) throw error
    // What was found when the flows came in stands, and is told.
    return { look, judged: [], refused: null }
  }
}

function queryOf(context: ExplainContext, span: Span, exporter: string | undefined): JudgeQuery {
  const { settings, series, flows, signal } = context
  return {
    flows,
    series,
    tier: settings.tiers[0]!,
    local: settings.local,
    sensitivity: sensitivityTable[settings.sensitivity],
    zone: zoneOf(settings),
    from: span.from,
    to: span.to,
    exporter,
    limits: { read: rowsMost },
    signal,
  }
}

/** The event once more from further back, where it had begun before what was read. */
async function wholeEvent(
  found: Incident,
  judged: readonly Judged[],
  context: ExplainContext,
): Promise<{ incident: Incident; scene: Scene }> {
  let incident = found
  let scene = judged.find(({ exporter }) => exporter === found.exporter)!.scene
  for (const wider of widerMs) {
    if (!isCutShort(incident, scene)) break
    const span = { from: incident.from - wider, to: incident.to }
    const [again] = await judge(queryOf(context, span, incident.exporter)).catch(noneIfTooLarge)
    const same = again?.incidents.find((each) => each.from < incident.to && each.to > incident.from)
    if (!again || !same) break
    ;({ scene } = again)
    incident = same
  }
  return { incident, scene }
}

function noneIfTooLarge(error: unknown): Judged[] {
  if (error instanceof QueryTooLarge) return []
  throw error
}

/** An event as it was judged: its flows have left the archive, or it is too long to be judged once more. */
async function fromLedger(
  { from, to }: Window,
  incident: Incident,
  { flows }: ExplainContext,
): Promise<Event> {
  const { exporter } = incident
  const { rows } = await flows.extent(incident.from, incident.to)
  return {
    asked: { from, to },
    incident,
    span: incident,
    exporter,
    scene: null,
    lost: incident.lost,
    unseen: null,
    greatest: [],
    usual: [],
    isGone: rows === 0,
  }
}

async function nothing(
  { from, to, exporter }: Window,
  { judged, refused }: Pick<Looked, 'judged' | 'refused'>,
  context: ExplainContext,
): Promise<Event> {
  const asked = { from, to }
  const query = queryOf(context, asked, exporter)
  const told = await Promise.all(
    judged.map(({ scene }) => {
      const hosts = greatestHosts(scene, asked, greatestMost)
      return factsOfHosts(query, scene, { hosts, span: asked })
    }),
  )
  const greatest = told
    .flatMap(({ actors }) => actors)
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, greatestMost)
  const only = judged.length === 1 ? judged[0]! : null
  return {
    asked,
    incident: null,
    span: asked,
    exporter: exporter ?? only?.exporter ?? null,
    scene: only?.scene ?? null,
    lost: only?.lostIn(asked) ?? null,
    unseen: greatest.length > 0 ? null : await whyUnseen(asked, refused, context),
    greatest,
    usual: judged.flatMap((each) => each.usual),
    isGone: false,
  }
}

async function whyUnseen(
  { from, to }: Span,
  refused: Looked['refused'],
  { flows, series, settings }: ExplainContext,
): Promise<Unseen> {
  if ((await flows.extent(from, to)).rows > 0) return refused ?? 'none-received'
  const kept = await Promise.all(settings.tiers.map((tier) => series.extent(tier)))
  const wasReceived = kept.some((extent) => extent && extent.from < to && extent.to > from)
  const { first } = await flows.extent(0, Number.MAX_SAFE_INTEGER)
  return wasReceived && (first === null || first >= to) ? 'gone' : 'none-received'
}

const gravity: Record<Incident['kind'], number> = {
  congestion: 4,
  silence: 3,
  exporter: 2,
  surge: 1,
}

/** The gravest of the incidents that touch a span: by kind, then by length. */
function gravest(incidents: readonly Incident[], { from, to }: Span): Incident | undefined {
  const seconds = (each: Incident) => Math.min(each.to, to) - Math.max(each.from, from)
  return incidents
    .filter((each) => each.from < to && each.to > from)
    .sort((a, b) => gravity[b.kind] - gravity[a.kind] || seconds(b) - seconds(a))[0]
}

function sameId(incident: Incident, known: readonly Incident[]): string {
  const same = known.find(
    (each) =>
      each.exporter === incident.exporter && each.from < incident.to && each.to > incident.from,
  )
  return same?.id ?? ''
}

/** What is usual for a span of time as long, of all traffic, and what it was instead. */
export async function usualTraffic(event: Event, { series, settings }: ExplainContext) {
  const { exporter, scene, span } = event
  if (exporter === null || scene === null) return null
  const usual = await usualOf(
    { series, tier: settings.tiers[0]!, exporter, ...span, zone: zoneOf(settings) },
    { measurement: 'total', keys: [{ direction: 'in' }, { direction: 'out' }] },
  )
  return usual && { usual, actual: event.incident?.total ?? totalOf(scene, span) }
}
