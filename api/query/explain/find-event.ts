/**
 * What happened in a window: the event found in it, with its facts, or the hosts with most traffic
 * if there is none.
 */
import { totalOf } from '../../../flow/incident/facts/totals.ts'
import { isSameEvent, type Incident } from '../../../flow/incident/incident.ts'
import { zoneOf } from '../../../flow/settings/settings.ts'
import { usualOf } from '../../../store/incident/history.ts'
import type { Window } from '../window.ts'
import type { Event, Found } from './event.ts'
import { gravestFirst, isSameVerdict } from './gravity.ts'
import { judgedAlone, judgeWindow, wholeEvent, type ExplainContext } from './judged.ts'
import { nothing } from './nothing.ts'

/** What is told only if nothing happened, of an event that did. */
const ofNothing = { unknownOf: [], unseen: null, greatest: [], usual: [] }

/** Finds the event of a window. */
export async function findEvent(window: Window, context: ExplainContext): Promise<Event> {
  const event = await eventOf(window, context)
  return { ...event, leftOut: (await context.flows.remarks?.(window.from, window.to)) ?? [] }
}

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
