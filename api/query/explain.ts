/**
 * What happened in a window: the event found in it, with its facts, or the hosts with most traffic
 * if there is none.
 */
import { greatestHosts, totalOf, type Span } from '../../flow/incident/facts.ts'
import { isSameEvent, type ActorFacts, type Incident } from '../../flow/incident/incident.ts'
import type { Look } from '../../flow/incident/look.ts'
import type { Scene } from '../../flow/incident/scene.ts'
import { sensitivityTable } from '../../flow/incident/sensitivity.ts'
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { zoneOf } from '../../flow/settings.ts'
import type { LeftOutReason } from '../../store/measurement.ts'
import { nullIfTooLarge, QueryTooLarge } from '../../store/query-error.ts'
import { factsOfHosts } from '../../store/incident/host-facts.ts'
import { usualOf } from '../../store/incident/history.ts'
import {
  isCutShort,
  judge,
  lackingByExporter,
  type JudgeQuery,
  type Judged,
} from '../../store/incident/judge.ts'
import type { ApiParts } from '../parts.ts'
import { gravestFirst, isSameVerdict } from './gravity.ts'
import type { Window } from './window.ts'

/** Longer windows are answered from the incidents that ingest found, ms. */
export const judgedMsMax = 6 * 3_600_000
/** Flows read while somebody waits: about ten seconds of one processor. */
const rowsMax = 30_000_000
/** Hosts named when no one is to blame. */
const greatestMax = 3
/**
 * If an event began before the flows that were read, it is judged again from this much earlier, ms.
 */
const widerMs = [3_600_000, 6 * 3_600_000]

/** One of the hosts with most bytes through an exporter, which is named if there are several. */
type Greatest = ActorFacts & { exporter?: string }

/** The event of a window, and what its description needs. */
export interface Event {
  asked: Span
  /** Null if nothing happened; its id is empty if it is not in the list of incidents. */
  incident: Incident | null
  /** The incident's time, or the window asked for. */
  span: Span
  /** The exporter it is about; null for several. */
  exporter: string | null
  /** The seconds around it; null if the archive no longer has them. */
  scene: Scene | null
  /** Times around it of which not everything is known, in whole intervals. */
  unknown: readonly Span[]
  /** The same of each of several exporters that has such times, if nothing happened. */
  unknownOf: readonly { exporter: string; unknown: readonly Span[] }[]
  /** Flows lost around it; null if unknown. */
  lost: Incident['lost'] | null
  /** Why nothing can be said about the window itself; null if its flows were read. */
  unseen: Unseen | null
  /** The hosts with most bytes, if nothing happened. */
  greatest: Greatest[]
  /** Why what looks like an incident is none: it is usual at that hour, or only the exporter's clock was set. */
  usual: string[]
  /** It is reported as judged at the time; its flows are no longer in the archive. */
  isGone: boolean
  /** A sentence for each file of the window that was left out. */
  leftOut: readonly string[]
}

/** What is told only if nothing happened, of an event that did. */
const ofNothing = { unknownOf: [], unseen: null, greatest: [], usual: [] }

/** No flows came; they have been deleted, are not in the store yet or cannot be read; the window is too long, or has too many flows, to be read. */
export type Unseen = 'none-received' | 'gone' | LeftOutReason | 'too-long' | 'too-many'

export interface ExplainContext extends Pick<
  ApiParts,
  'settings' | 'series' | 'flows' | 'incidents'
> {
  /** Where flows are looked at; absent: in this thread. */
  look?: Look
  signal?: AbortSignal
}

/** Finds the event of a window. */
export async function findEvent(window: Window, context: ExplainContext): Promise<Event> {
  const event = await eventOf(window, context)
  return { ...event, leftOut: (await context.flows.remarks?.(window.from, window.to)) ?? [] }
}

type Found = Omit<Event, 'leftOut'>

async function eventOf(window: Window, context: ExplainContext): Promise<Found> {
  const { from, to, exporter } = window
  const asked = { from, to }
  const known = (await context.incidents.between(from, to)).filter(
    (each) => exporter === undefined || each.exporter === exporter,
  )
  const worst = gravestFirst(known, asked)[0]
  const { look, judged, refused } = await judgeWindow(asked, { exporter, worst }, context)
  if (refused !== null) return nothing(window, { judged, refused }, context)
  const seen = judged.flatMap(({ incidents }) => incidents)
  const isSeen = (each: Incident) => seen.some((one) => isSameVerdict(one, each))
  for (const each of gravestFirst([...seen, ...known.filter((one) => !isSeen(one))], look)) {
    if (!seen.includes(each)) return fromLedger(window, each, context)
    const listed = known.find((one) => isSameEvent(one, each))
    // Of the same event the list has another verdict: that one stands, so that there are not two.
    if (listed && !isSameVerdict(listed, each)) continue
    const whole = listed
      ? await wholeEvent(each, judged, context)
      : await judgedAlone(each, context)
    if (whole === null) continue
    return {
      asked,
      incident: { ...whole.incident, id: listed?.id ?? '' },
      span: whole.incident,
      exporter: each.exporter,
      scene: whole.scene,
      unknown: whole.unknown,
      lost: whole.incident.lost,
      isGone: false,
      ...ofNothing,
    }
  }
  return nothing(window, { judged, refused }, context)
}

/**
 * An event that is not in the list of incidents, judged by its own intervals, as those in the list are: what stands out
 * only from the rest of a long window is none. Null if it is not found again.
 */
async function judgedAlone(event: Incident, context: ExplainContext): Promise<WholeEvent | null> {
  const own = {
    from: intervalStart(event.from),
    to: intervalStart(event.to - 1) + intervalMs,
  }
  const judged = await judge(queryOf(context, own, event.exporter)).catch(nullIfTooLarge)
  const same = judged?.[0]?.incidents.find((each) => isSameVerdict(each, event))
  return judged && same ? wholeEvent(same, judged, context) : null
}

type WholeEvent = Pick<Judged, 'scene' | 'unknown'> & { incident: Incident }

interface JudgedWindow {
  look: Span
  judged: Judged[]
  /** Why no flows were read. */
  refused: 'too-long' | 'too-many' | null
}

/**
 * Judges the window together with the whole of the gravest known incident in it, or that incident
 * alone if both are too long or have too many flows; nothing if there is none.
 */
async function judgeWindow(
  asked: Span,
  { exporter, worst }: { exporter: string | undefined; worst: Incident | undefined },
  context: ExplainContext,
): Promise<JudgedWindow> {
  const whole = {
    from: Math.min(asked.from, worst?.from ?? asked.from),
    to: Math.max(asked.to, worst?.to ?? asked.to),
  }
  const isLong = whole.to - whole.from > judgedMsMax
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
    // What was found when the flows came in still stands, and is reported.
    return { look, judged: [], refused: null }
  }
}

function queryOf(context: ExplainContext, span: Span, exporter: string | undefined): JudgeQuery {
  const { settings, series, flows, look, signal } = context
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
    limits: { read: rowsMax },
    look,
    signal,
  }
}

/** Judges the event again from further back, if it began before the flows that were read. */
async function wholeEvent(
  found: Incident,
  judged: readonly Judged[],
  context: ExplainContext,
): Promise<WholeEvent> {
  let incident = found
  let { scene, unknown } = judged.find(({ exporter }) => exporter === found.exporter)!
  for (const wider of widerMs) {
    if (!isCutShort(incident, scene)) break
    const span = { from: incident.from - wider, to: incident.to }
    const judgedAgain = await judge(queryOf(context, span, incident.exporter)).catch(nullIfTooLarge)
    const again = judgedAgain?.[0]
    const same = again?.incidents.find((each) => isSameEvent(each, incident))
    if (!again || !same) break
    ;({ scene, unknown } = again)
    incident = same
  }
  return { incident, scene, unknown }
}

/**
 * An event as judged at the time: its flows have left the archive, or it is too long to be judged
 * again.
 */
async function fromLedger(
  { from, to }: Window,
  incident: Incident,
  { flows }: ExplainContext,
): Promise<Found> {
  const { exporter } = incident
  const { rows } = await flows.extent(incident.from, incident.to)
  return {
    asked: { from, to },
    incident,
    span: incident,
    exporter,
    scene: null,
    unknown: [],
    lost: incident.lost,
    isGone: rows === 0,
    ...ofNothing,
  }
}

async function nothing(
  { from, to, exporter }: Window,
  { judged, refused }: Pick<JudgedWindow, 'judged' | 'refused'>,
  context: ExplainContext,
): Promise<Found> {
  const asked = { from, to }
  const query = queryOf(context, asked, exporter)
  const facts = await Promise.all(
    judged.map(({ scene }) => {
      const hosts = greatestHosts(scene, asked, greatestMax)
      return factsOfHosts(query, scene, { hosts, span: asked })
    }),
  )
  const only = judged.length === 1 ? judged[0]! : null
  const byBytes = facts
    .flatMap(({ actors }, i): Greatest[] =>
      only ? actors : actors.map((actor) => ({ ...actor, exporter: judged[i]!.exporter })),
    )
    .sort((a, b) => b.bytes - a.bytes)
  const others = exporter === undefined ? await lackingByExporter(query) : []
  // Several exporters may have seen the same traffic.
  const greatest = byBytes
    .filter(({ host }, i) => byBytes.findIndex((each) => each.host === host) === i)
    .slice(0, greatestMax)
  return {
    asked,
    incident: null,
    span: asked,
    exporter: exporter ?? only?.exporter ?? null,
    scene: only?.scene ?? null,
    unknown: only?.unknown ?? [],
    unknownOf: others.filter((each) => each.unknown.length > 0 && each.exporter !== only?.exporter),
    lost: others.length > 1 ? lostOfAll(others) : (only?.lostIn(asked) ?? null),
    unseen: greatest.length > 0 ? null : await whyUnseen(asked, refused, context),
    greatest,
    usual: judged.flatMap((each) => each.usual),
    isGone: false,
  }
}

function lostOfAll(of: readonly { lost: Incident['lost'] }[]): Incident['lost'] {
  return {
    flows: of.reduce((sum, { lost }) => sum + lost.flows, 0),
    estimated: of.some(({ lost }) => lost.estimated && lost.flows > 0),
  }
}

async function whyUnseen(
  { from, to }: Span,
  refused: JudgedWindow['refused'],
  { flows, series, settings }: ExplainContext,
): Promise<Unseen> {
  const { rows } = await flows.extent(from, to)
  if (rows > 0 && refused !== null) return refused
  const [leftOut] = (await flows.unreadable?.(from, to)) ?? []
  if (leftOut) return leftOut.reason
  if (rows > 0) return 'none-received'
  const kept = await Promise.all(settings.tiers.map((tier) => series.extent(tier)))
  const wasReceived = kept.some((extent) => extent && extent.from < to && extent.to > from)
  const { first } = await flows.extent(0, Number.MAX_SAFE_INTEGER)
  return wasReceived && (first === null || first >= to) ? 'gone' : 'none-received'
}

/** What is usual for a span of that length, of all traffic, and what it was instead. */
export async function usualTraffic(event: Event, { series, settings }: ExplainContext) {
  const { exporter, scene, span } = event
  if (exporter === null || scene === null) return null
  const usual = await usualOf(
    { series, tier: settings.tiers[0]!, exporter, ...span, zone: zoneOf(settings) },
    { measurement: 'total', keys: [{ direction: 'in' }, { direction: 'out' }] },
  )
  return usual && { usual, actual: event.incident?.total ?? totalOf(scene, span) }
}
