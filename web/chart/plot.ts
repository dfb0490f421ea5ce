/**
 * The chart: uPlot for scales, axes, cursor and selection; paint.ts for what is drawn between them.
 * (uPlot cannot stack series, and its time zones are wrong around daylight saving.)
 */
import uPlot from 'uplot'

import type { Window } from '../state/window.ts'
import { figureAxis, timeAxis } from './axes.ts'
import { paintOver, paintUnder, type Look } from './paint.ts'
import { followPaper } from './paper.ts'
import { extremes, figureRange } from './scale.ts'
import type { Scene } from './scene.ts'
import type { Ink } from './theme.ts'

type Range = [from: number, to: number]

/** User actions on the chart. Times are unix seconds. */
interface PlotEvents {
  /** The step under the cursor and the moment in it, or null. */
  pointed: (index: number | null, at: number | null) => void
  /** The time that the axis shows, whenever it changes. */
  scaled: (range: Range) => void
  /** A range marked with Shift, which does not zoom; null when the mark is removed. */
  marked: (range: Range | null) => void
  selected: (from: number, to: number) => void
  doubleClicked: () => void
}

interface PlotSettings {
  events: PlotEvents
  zone: () => string
  ink: () => Ink
  /** Scale of the letters, 1 at a desk; default 1. */
  scale?: number
  /** What is to be drawn; null before there is data. */
  scene: () => Scene | null
  /** What is asked for, unix seconds, which the time axis shows before there is data; null if unknown. */
  window: () => Range | null
}

export interface Plot {
  /** Shows a scene; the time axis follows its window. */
  draw(scene: Scene, look: Look): void
  /** Stretches the time axis at once, before finer data comes. */
  stretch(window: Window): void
  /** Goes back to the time of the data, because no other comes. */
  unstretch(): void
  resize(width: number, height: number): void
  /** Points at a step, as the mouse would; null removes the cursor. */
  point(index: number | null): void
  /** Marks a range, as a drag with Shift would; null removes the mark. */
  mark(range: Range | null): void
  /** Shows the steps from `begun` up to `at` (unix seconds) as those chosen so far; null gives the choice up. */
  choose(begun: number | null, at?: number): void
  /** Where a choice that is not complete yet began, unix seconds; null if there is none. */
  readonly begun: number | null
  /** CSS pixels of the step's middle, from the left of the chart. */
  positionOf(index: number): number
  readonly uplot: uPlot
  destroy(): void
}

/** The scale of a time axis without a window. */
const noTime: [number, number] = [0, 1]

/** A drag shorter than this, in CSS pixels, is a click. */
const dragMinPixels = 4

/** Makes an empty chart in `host`. */
export function makePlot(host: HTMLElement, settings: PlotSettings): Plot {
  const state: PlotState = {
    scene: null,
    look: { ink: settings.ink(), focused: null },
    stretched: null,
    marking: false,
    range: null,
    begun: null,
  }
  const u = new uPlot({ ...size(host), ...fixedOptions(settings, state) }, [[], [], []], host)
  const draw = (scene: Scene, look: Look) => {
    const before = state.scene
    state.scene = scene
    state.look = look
    // Its data has come, or another window was asked for since.
    const isAwaited = before?.answer === scene.answer && isSame(state.stretched, settings.window())
    if (!isAwaited) state.stretched = null
    if (before !== scene) setScene(u, scene, state.stretched)
    // Even if the scales are unchanged, the labels may be from another zone.
    u.redraw(false, true)
  }
  const forgetPaper = followPaper(u, () => {
    const scene = settings.scene()
    if (scene) draw(scene, { ink: settings.ink(), focused: null })
  })
  return {
    uplot: u,
    draw,
    stretch({ from, to }) {
      const [min, max] = (state.stretched = [from / 1000, to / 1000])
      u.setScale('x', { min, max })
    },
    unstretch() {
      state.stretched = null
      if (state.scene) setScene(u, state.scene, null)
    },
    resize: (width, height) => u.setSize({ width, height }),
    point(index) {
      const at = index === null ? -10 : u.valToPos(middle(state.scene, index), 'x')
      u.setCursor({ left: at, top: index === null ? -10 : 0 })
    },
    positionOf: (index) =>
      u.valToPos(middle(state.scene, index), 'x') + u.bbox.left / devicePixelRatio,
    mark(range) {
      Object.assign(state, { range, begun: null })
      placeRange(u, range)
      settings.events.marked(range)
    },
    choose(begun, at = begun ?? 0) {
      const step = state.scene?.answer.step ?? 0
      const range: Range | null =
        begun === null ? null : [Math.min(begun, at), Math.max(begun, at) + step]
      Object.assign(state, { range, begun })
      placeRange(u, range)
    },
    get begun() {
      return state.begun
    },
    destroy: () => {
      forgetPaper()
      u.destroy()
    },
  }
}

/** Draws a scene, on the axis of its data or on one that is stretched before its data has come. */
function setScene(u: uPlot, scene: Scene, stretched: Range | null): void {
  const data: uPlot.AlignedData = [scene.time, padded(scene.outline.above), padded(scene.outline.below)] // prettier-ignore
  u.setData(data, stretched === null)
  if (stretched) u.setScale('x', { min: stretched[0], max: stretched[1] })
}

function isSame(a: Range | null, b: Range | null): boolean {
  return a !== null && b !== null && a[0] === b[0] && a[1] === b[1]
}

interface PlotState {
  scene: Scene | null
  look: Look
  /** What the axis shows until its data comes, unix seconds; null: that of the data. */
  stretched: Range | null
  /** The current drag began with Shift. */
  marking: boolean
  /** What is shown as chosen or marked, unix seconds. */
  range: Range | null
  begun: number | null
}

/** Shows a range, as far as the chart shows that time. */
function placeRange(u: uPlot, range: Range | null): void {
  const { clientWidth, clientHeight } = u.over
  const [left, right] = (range ?? [0, 0]).map((t) =>
    Math.min(clientWidth, Math.max(0, u.valToPos(t, 'x'))),
  ) as Range
  const isSeen = range !== null && right > left
  u.setSelect(
    isSeen
      ? { left, top: 0, width: Math.max(right - left, 1), height: clientHeight }
      : { left: 0, top: 0, width: 0, height: 0 },
    false,
  )
}

function size(host: HTMLElement): { width: number; height: number } {
  return { width: Math.max(200, host.clientWidth), height: Math.max(160, host.clientHeight) }
}

/** The axis has one time more than there are values: the end of the last step. */
function padded(values: readonly (number | null)[]): (number | null)[] {
  return [...values, null]
}

function middle(scene: Scene | null, index: number): number {
  const from = scene?.time[index] ?? 0
  return (from + (scene?.time[index + 1] ?? from)) / 2
}

function fixedOptions(
  { zone, ink, events, window, scale = 1 }: PlotSettings,
  state: PlotState,
): Omit<uPlot.Options, 'width' | 'height'> {
  const nothing = { paths: () => null, points: { show: false } }
  return {
    ms: 1e-3,
    // Half a line of text, so that a label at the very top is not cut.
    padding: [8 * scale, 32 * scale, 0, 0],
    legend: { show: false },
    series: [{}, nothing, nothing],
    scales: {
      x: {
        time: false,
        range: (_u, min, max) => (min === null ? (window() ?? noTime) : [min, max]),
      },
      y: {
        range: () => figureRange(...extremes(state.scene)),
      },
    },
    axes: [
      timeAxis({ ink, zone, scale, isTimed: () => state.scene !== null || window() !== null }),
      figureAxis({
        ink,
        scale,
        isMeasured: () => extremes(state.scene).some((most) => most !== 0),
      }),
    ],
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false, dist: dragMinPixels },
      bind: {
        dblclick: () => () => (events.doubleClicked(), null),
        mousedown: (_u, _target, handler) => (event) => {
          state.marking = event.shiftKey
          Object.assign(state, { range: null, begun: null })
          events.marked(null)
          return handler(event)
        },
      },
    },
    hooks: {
      drawClear: [
        (u) => {
          if (!state.scene) return
          const look = { ...state.look, pixel: devicePixelRatio * scale }
          paintUnder(u, state.scene, look)
          paintOver(u, state.scene, look)
        },
      ],
      // It stays at its time when the window moves.
      draw: [(u) => state.range && placeRange(u, state.range)],
      setScale: [
        (u, key) => {
          const { min, max } = u.scales['x']!
          if (key === 'x' && min !== undefined && max !== undefined) events.scaled([min, max])
        },
      ],
      setCursor: [(u) => events.pointed(...under(u, state.scene))],
      setSelect: [(u) => select(u, events, state)],
    },
  }
}

function select(u: uPlot, events: PlotEvents, state: PlotState): void {
  const { left, width } = u.select
  if (width < dragMinPixels) return
  const from = u.posToVal(left, 'x')
  const to = u.posToVal(left + width, 'x')
  if (state.marking) {
    state.range = [from, to]
    events.marked(state.range)
    return
  }
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
  events.selected(from, to)
}

/** The step under the cursor: the last that begins at or before it. */
function under(u: uPlot, scene: Scene | null): [index: number | null, at: number | null] {
  const left = u.cursor.left ?? -1
  if (!scene || left < 0 || scene.time.length < 2) return [null, null]
  const at = u.posToVal(left, 'x')
  const { step } = scene.answer
  const index = Math.floor((at - scene.time[0]!) / step)
  return index >= 0 && index < scene.time.length - 1 ? [index, at] : [null, null]
}
