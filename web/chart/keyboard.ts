/** The chart by keyboard: arrows move the cursor, + and − zoom, Enter twice selects a range, with Shift it marks one. */
import type { Plot } from './plot.ts'
import type { Scene } from './scene.ts'
import { showWindow, zoom } from './zoom.ts'

interface ChartState {
  plot: Plot
  scene: Scene
  pointed: number | null
}

/** Steps per arrow key with Shift. */
const farSteps = 10

type Move = (at: number, last: number, far: boolean) => number

const moves: Record<string, Move> = {
  ArrowLeft: (at, _last, far) => at - (far ? farSteps : 1),
  ArrowRight: (at, _last, far) => at + (far ? farSteps : 1),
  Home: () => 0,
  End: (_at, last) => last,
}

/** Where a keyboard selection began, in unix seconds, and on which chart. */
let begun: { at: number; plot: Plot } | null = null

/** Handles a key; unknown keys are left to the page. */
export function chartKey(event: KeyboardEvent, state: ChartState): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  const handled = moveCursor(event, state) || zoomBy(event.key, state) || selectBy(event, state)
  if (handled) {
    event.preventDefault()
    event.stopPropagation()
  }
}

function moveCursor(event: KeyboardEvent, { plot, scene, pointed }: ChartState): boolean {
  const move = moves[event.key]
  if (!move) return false
  const last = scene.time.length - 2
  const start = pointed ?? (event.key === 'ArrowLeft' ? last + 1 : -1)
  plot.point(Math.min(last, Math.max(0, move(start, last, event.shiftKey))))
  return true
}

function zoomBy(key: string, { scene, pointed }: ChartState): boolean {
  const times = { '+': 0.5, '=': 0.5, '-': 2, '−': 2 }[key]
  if (times === undefined) return false
  const at = pointed === null ? undefined : (scene.time[pointed]! + scene.answer.step / 2) * 1000
  zoom(times, at)
  return true
}

function selectBy(event: KeyboardEvent, { plot, scene, pointed }: ChartState): boolean {
  if (event.key !== 'Enter' || pointed === null) return false
  const isMarking = event.shiftKey
  const at = scene.time[pointed]!
  const isShown = begun?.plot === plot && begun.at >= scene.time[0]! && begun.at < scene.answer.to
  if (!begun || !isShown) {
    begun = { at, plot }
    return true
  }
  const [from, to] = [Math.min(begun.at, at), Math.max(begun.at, at) + scene.answer.step]
  begun = null
  if (isMarking) {
    plot.mark([from, to])
    return true
  }
  plot.stretch(showWindow({ from: from * 1000, to: to * 1000 }))
  return true
}
