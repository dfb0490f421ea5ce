/** Fetches what the view shows: the chart first, then the tables. The old data stays until then. */
import { computed, effect, signal } from '@preact/signals'

import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { intervalSeconds, parseDuration } from '../../flow/interval.ts'
import { dependsOnZone, isRelative, moved } from '../../flow/time-grammar.ts'
import { byClock } from '../chart/compared.ts'
import { makeLayers, sameSteps, wholeByKeys } from '../chart/layers.ts'
import { ask, RequestError, type Query } from '../client.ts'
import { splitKeys, type Split, type View } from './address.ts'
import { clockAhead, clockNow } from './clock.ts'
import { isLocal, wasAsked } from './collector.ts'
import { place } from './route.ts'
import { loadTables } from './tables.ts'
import { view } from './view.ts'
import { windowAt, type Window } from './window.ts'
import { zone } from './zone.ts'

/** A chart's data and the query for it. */
export interface Traffic {
  view: View
  window: Window
  /** By key and direction; the same as `totals` when split by direction alone. */
  keyed: SeriesAnswer
  totals: SeriesAnswer
  /** cf=max; null until it comes, and if steps are no longer than the interval. */
  peak: SeriesAnswer | null
  /** All traffic of the same window some days before; null until it comes, or without comparison. */
  compared: SeriesAnswer | null
  /** Why the earlier window has no answer, where asking again will not help. */
  comparedFault: RequestError | null
  /** unix ms */
  loadedAt: number
}

export const traffic = signal<Traffic | null>(null)
/** The layers to draw. */
export const layers = computed(() => {
  const shown = wasAsked.value ? traffic.value : null
  return shown && makeLayers({ ...shown, split: shown.view.by, isLocal: isLocal.value })
})
/** Also while the view has just been opened, and its first request is not sent yet. */
export const loading = signal(true)
/** Why the last request failed, and whether what is shown is therefore older; null if it did not. */
export const failure = signal<{ error: RequestError; at: number; isOlder: boolean } | null>(null)

/** Steps the chart can draw: about one per pixel and a half. The chart sets it from its width. */
export const pointsWanted = signal(800)

/** Keys to ask for: more hosts than are drawn, because remote ones are not drawn. */
const topAsked: Record<Split, number> = {
  host: 24,
  port: 8,
  protocol: 8,
  interface: 8,
  exporter: 8,
  direction: 8,
}

let running: AbortController | null = null

/** Loads whenever the query changes; returns the function that stops this, and what still runs. */
export function followView(): () => void {
  let asked = ''
  const stop = effect(() => {
    // Another view's address says nothing about this one, which is about to go.
    if (place.value.path !== '/') return
    const { from, to, by, measure, exporter, filter, step, compare } = view.value
    // There is no need to wait for the server's zone where it does not matter.
    const isZoned = dependsOnZone(from) || dependsOnZone(to) || compare !== 'none'
    const ofZone = isZoned ? zone.value : ''
    const ofClock = isRelative(from) || isRelative(to) ? clockAhead.value : 0
    const next = [from, to, by, measure, exporter, filter, step, compare, ofZone, ofClock].join(
      '\n',
    )
    if (next === asked) return
    asked = next
    void load()
  })
  return () => {
    stop()
    running?.abort()
    loading.value = true
  }
}

/** Fetches the view again; a running request is cancelled. */
export async function load(): Promise<void> {
  running?.abort()
  const { signal: ended } = (running = new AbortController())
  const window = windowAt(clockNow())
  if (!window) {
    loading.value = false
    return
  }
  const shown = view.value
  loading.value = true
  let isOlder = traffic.value !== null
  try {
    const loaded = await loadTraffic(shown, window, ended)
    traffic.value = loaded
    isOlder = false
    failure.value = null
    loading.value = false
    await Promise.all([
      addPeak(loaded, ended),
      addCompared(loaded, ended),
      loadTables(loaded, ended),
    ])
  } catch (error) {
    if (ended.aborted) return
    if (!(error instanceof RequestError)) throw error
    loading.value = false
    failure.value = { error, at: clockNow(), isOlder }
  }
}

/**
 * The parameters common to all requests of a view: while one of several exporters is away, what the
 * others report is drawn.
 */
function baseQuery(shown: View, window: Window): Query {
  const { exporter, filter } = shown
  return { from: window.from / 1000, to: window.to / 1000, exporter, filter, known: 'any' }
}

async function loadTraffic(shown: View, window: Window, ended: AbortSignal): Promise<Traffic> {
  const query = {
    ...baseQuery(shown, window),
    measure: shown.measure,
    points: pointsWanted.value,
    step: shown.step === 'auto' ? '' : shown.step,
  }
  const single = shown.by === 'direction'
  const totalsAsked = ask('series', { ...query, by: 'direction' }, ended)
  const keyedQuery = { ...query, by: splitKeys[shown.by], top: topAsked[shown.by] }
  const [keyed, first] = await Promise.all([
    single ? totalsAsked : ask('series', keyedQuery, ended),
    totalsAsked,
  ])
  // Between two requests a step can close and another source fit: the totals then use the new
  // steps.
  const totals = sameSteps(keyed, first)
    ? first
    : await ask('series', { ...query, by: 'direction', step: keyed.step }, ended)
  return {
    view: shown,
    window,
    keyed,
    totals,
    peak: null,
    compared: null,
    comparedFault: null,
    loadedAt: clockNow(),
  }
}

/** The MAX line, if steps are long enough to have one; the chart is shown before it comes. */
async function addPeak(loaded: Traffic, ended: AbortSignal): Promise<void> {
  const { view: shown, window, keyed } = loaded
  if (keyed.step <= intervalSeconds || shown.by === 'interface') return
  const query = { ...baseQuery(shown, window), measure: shown.measure, by: 'direction', cf: 'max' }
  const peak = await ask('series', { ...query, step: keyed.step }, ended)
  if (sameSteps(keyed, peak)) add(loaded, { peak })
}

/** The same window some days before, by the calendar. If that is not to be had, the chart is as good without. */
async function addCompared(loaded: Traffic, ended: AbortSignal): Promise<void> {
  const { view: shown, keyed } = loaded
  if (shown.compare === 'none') return
  const days = parseDuration(shown.compare)! / 86_400_000
  const before = (t: number) => moved(t * 1000, -days, { unit: 'd', zone: zone.value }) / 1000
  const window = { from: before(keyed.from) * 1000, to: before(keyed.to) * 1000 }
  const by = wholeByKeys.has(shown.by) ? splitKeys[shown.by] : 'direction'
  const query = { ...baseQuery(shown, window), measure: shown.measure, by }
  try {
    const earlier = await ask('series', { ...query, step: keyed.step }, ended)
    if (earlier.step === keyed.step) add(loaded, { compared: byClock(keyed, earlier, before) })
  } catch (error) {
    if (!(error instanceof RequestError) || error.isPassing) throw error
    add(loaded, { comparedFault: error })
  }
}

/** Adds data that comes after the chart, unless another chart has replaced it. */
function add(loaded: Traffic, part: Partial<Traffic>): void {
  if (traffic.value?.keyed === loaded.keyed) traffic.value = { ...traffic.value, ...part }
}
