/** Judges a window for its explanation: with the whole of the event in it, however early that began. */
import type { Span } from '../../../flow/incident/facts/span.ts'
import { isSameEvent, type Incident } from '../../../flow/incident/incident.ts'
import type { Examine } from '../../../flow/incident/find.ts'
import { sensitivityTable } from '../../../flow/incident/sensitivity.ts'
import { intervalMs, intervalStart } from '../../../flow/interval.ts'
import { zoneOf } from '../../../flow/settings/settings.ts'
import { isCutShort, judge, type JudgeQuery, type Judged } from '../../../store/incident/judge.ts'
import { nullIfTooLarge, QueryTooLarge } from '../../../store/query-error.ts'
import type { ApiParts } from '../../parts.ts'
import { isSameVerdict } from './gravity.ts'

/** Longer windows are answered from the incidents that ingest found, ms. */
export const judgedMsMax = 6 * 3_600_000
/** Flows read while somebody waits: about ten seconds of one processor. */
const rowsMax = 30_000_000
/**
 * If an event began before the flows that were read, it is judged again from this much earlier, ms.
 */
const widerMs = [3_600_000, 6 * 3_600_000]

/** Where flows, series and incidents are asked for. */
export interface ExplainContext extends Pick<
  ApiParts,
  'settings' | 'series' | 'flows' | 'incidents'
> {
  /** Where flows are examined; absent: in this thread. */
  examine?: Examine
  signal?: AbortSignal
}

/** A window as judged. */
export interface JudgedWindow {
  look: Span
  judged: Judged[]
  /** Why no flows were read. */
  refused: 'too-long' | 'too-many' | null
}

/**
 * Judges the window together with the whole of the gravest known incident in it, or that incident
 * alone if both are too long or have too many flows; nothing if there is none.
 */
export async function judgeWindow(
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

export function queryOf(
  context: ExplainContext,
  span: Span,
  exporter: string | undefined,
): JudgeQuery {
  const { settings, series, flows, examine, signal } = context
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
    examine,
    signal,
  }
}

type WholeEvent = Pick<Judged, 'scene' | 'unknown'> & { incident: Incident }

/** Judges the event again from further back, if it began before the flows that were read. */
export async function wholeEvent(
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
 * An event that is not in the list of incidents, judged by its own intervals, as those in the list are: what stands out
 * only from the rest of a long window is none. Null if it is not found again.
 */
export async function judgedAlone(
  event: Incident,
  context: ExplainContext,
): Promise<WholeEvent | null> {
  const own = {
    from: intervalStart(event.from),
    to: intervalStart(event.to - 1) + intervalMs,
  }
  const judged = await judge(queryOf(context, own, event.exporter)).catch(nullIfTooLarge)
  const same = judged?.[0]?.incidents.find((each) => isSameVerdict(each, event))
  return judged && same ? wholeEvent(same, judged, context) : null
}
