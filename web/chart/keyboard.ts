/**
 * The chart by keyboard: arrows move the cursor, + and − zoom, Enter twice selects a range, with
 * Shift it marks one.
 */
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

/** Handles a key; unknown keys are left to the page. */
export function chartKey(event: KeyboardEvent, state: ChartState): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  const handled =
    moveCursor(event, state) ||
    zoomBy(event.key, state) ||
    selectBy(event, state) ||
    giveUp(event.key, state.plot)
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
  const index = Math.min(last, Math.max(0, move(start, last, event.shiftKey)))
  plot.point(index)
  if (plot.begun !== null) plot.choose(plot.begun, scene.time[index])
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
  const { begun } = plot
  const at = scene.time[pointed]!
  if (begun === null || begun < scene.time[0]! || begun >= scene.answer.to) {
    plot.mark(null)
    plot.choose(at)
    return true
  }
  const [from, to] = [Math.min(begun, at), Math.max(begun, at) + scene.answer.step]
  plot.choose(null)
  if (event.shiftKey) {
    plot.mark([from, to])
    return true
  }
  plot.stretch(showWindow({ from: from * 1000, to: to * 1000 }))
  return true
}

/** A choice that has begun is given up before the page goes back. */
function giveUp(key: string, plot: Plot): boolean {
  if (key !== 'Escape' || plot.begun === null) return false
  plot.choose(null)
  return true
}
