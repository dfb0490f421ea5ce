/**
 * A range relative to now moves on: it is fetched again as often as chosen, but never while the
 * page is hidden.
 */
import { computed, effect } from '@preact/signals'

import { parseDuration } from '../../flow/interval.ts'
import { isRelative } from '../../flow/time-grammar.ts'
import { isKnown } from '../chart/layers.ts'
import { retryMs } from '../client.ts'
import { failure, layers, load, loading, traffic } from './traffic.ts'
import { view } from './view.ts'

const autoMinMs = 10_000
const autoMaxMs = 300_000

/** Whether the range moves: at midnight, yesterday becomes another day too. */
export const isMoving = computed(() => isRelative(view.value.to))

/** Time until the range is fetched again, in ms; null if it does not move. */
export const refreshMs = computed(() => {
  const { refresh } = view.value
  if (refresh === 'off' || !isMoving.value) return null
  if (refresh !== 'auto') return parseDuration(refresh)
  // No more often than the chart moves by a step; one without a point waits for its first.
  const all = layers.value
  const step = all && isKnown(all.total) ? all.answer.step * 1000 : 0
  return Math.min(autoMaxMs, Math.max(autoMinMs, step))
})

const due = computed(() => (failure.value?.error.isPassing ? retryMs : refreshMs.value))

/** Fetches again whenever due; returns the function that stops this. */
export function followRefresh(): () => void {
  return effect(() => {
    const wait = due.value
    const busy = loading.value
    // Each answer restarts the wait.
    void traffic.value
    void failure.value
    const ended = new AbortController()
    const timer =
      wait === null || busy ? undefined : setTimeout(() => refreshSeen(ended.signal), wait)
    return () => {
      clearTimeout(timer)
      ended.abort()
    }
  })
}

/** Fetches again, or once the page is seen; loading ends the wait. */
function refreshSeen(signal: AbortSignal): void {
  const seen = () => {
    if (!document.hidden) void load()
  }
  document.addEventListener('visibilitychange', seen, { signal })
  seen()
}
