/** What the canvas draws: stacked layers with their colours, built once per answer and choice of keys. */
import type { SeriesAnswer } from '../../api/schema/schema.ts'
import type { Drawing } from '../state/address.ts'
import { clockNow } from '../state/clock.ts'
import { mixed, otherColours, palettes, type Theme } from './colours.ts'
import { slotsOf } from './kept-colours.ts'
import type { Half, Layer, Layers, Values } from './layers.ts'
import { asLines, farthest, outline, stack, type StackedLayer } from './stack.ts'
import { inks } from './theme.ts'
import { undrawnRanges, unknownRanges, type KnownRange, type UnknownRange } from './unknown.ts'

export interface SceneLayer extends StackedLayer {
  colour: string
}

/** A horizontal line: a percentile, a threshold, the speed of an interface. Negative below the axis. */
export interface Level {
  value: number
  /** Its name; the mirror image of another level has none. */
  text: string
  /** Drawn in the limit colour. */
  limit: boolean
}

/** A note on the time axis: a moment, or a range if `to` is later than `from`. Unix seconds. */
export interface Note {
  from: number
  to: number
  text: string
}

export interface Scene {
  answer: SeriesAnswer
  /** Starts of steps, followed by the end of the last. */
  time: number[]
  /** By half, the layer at the axis first. */
  layers: Record<Half, SceneLayer[]>
  outline: Record<Half, (number | null)[]>
  peak: Record<Half, Values> | null
  /** The same time some days before. */
  compared: Record<Half, Values> | null
  /** Layers are separate lines instead of stacked areas. */
  lines: boolean
  levels: readonly Level[]
  notes: readonly Note[]
  unknown: UnknownRange[]
  /** Known, but with no value: too little of each step is. */
  undrawn: KnownRange[]
  lost: SeriesAnswer['lost']
  open: SeriesAnswer['open']
}

/**
 * How far a direction's colour is mixed with the background: internal and transit are a key's paler
 * parts.
 */
const paler: Record<Layer['direction'], number> = { in: 0, out: 0, internal: 0.35, transit: 0.55 }

/** How much paler sent traffic is when stacked on received traffic. */
const sentPaler = 0.4

/** The colour of each layer; the same key above and below has the same. */
export function layerColours(layers: readonly Layer[], theme: Theme): string[] {
  const ids = [...new Set(layers.map((layer) => layer.id))].filter((id) => id !== 'other')
  const assigned = slotsOf(layers).assign(ids)
  const single = ids.length > 0 && layers.every((layer) => layer.id === layer.direction)
  return layers.map((layer) => {
    const slot = assigned[ids.indexOf(layer.id)]
    const colour = slot === undefined ? otherColours[theme] : palettes[theme][slot]!
    return single ? colour : mixed(colour, inks[theme].panel, paler[layer.direction])
  })
}

/** Which layers are drawn, and how. */
interface SceneChoice {
  theme: Theme
  isShown: (id: string) => boolean
  drawing: Drawing
  levels: readonly Level[]
  notes: readonly Note[]
}

/** The scene of the chosen layers. */
export function makeScene(all: Layers, choice: SceneChoice): Scene {
  const { answer } = all
  const now = clockNow() / 1000
  const lines = choice.drawing === 'lines'
  const together = choice.drawing === 'stack'
  const shown = all.layers.filter((layer) => choice.isShown(layer.id))
  const isWhole = shown.length === all.layers.length
  const total = together ? allAbove(all.total) : all.total
  const colours = layerColours(all.layers, choice.theme)
  const drawn = shown.map((layer) => {
    const colour = colours[all.layers.indexOf(layer)]!
    if (!together || layer.half === 'above') return { layer, colour }
    const panel = inks[choice.theme].panel
    return { layer: { ...layer, half: 'above' as const }, colour: mixed(colour, panel, sentPaler) }
  })
  const half = (name: Half): SceneLayer[] => {
    const members = drawn.filter(({ layer }) => layer.half === name)
    const own = members.map(({ layer }) => layer)
    const edges = lines ? asLines(own, name) : stack(own, name, total[name])
    return edges.map((edge, i) => ({ ...edge, colour: members[i]!.colour }))
  }
  const layers = { above: half('above'), below: half('below') }
  const outer = (name: Half) =>
    lines ? farthest(layers[name], total[name]) : outline(layers[name], total[name])
  return {
    answer,
    time: [...answer.time, answer.to],
    layers,
    outline: { above: outer('above'), below: outer('below') },
    peak: isWhole && !together && !lines ? all.peak : null,
    compared: all.compared && (together ? allAbove(all.compared) : all.compared),
    lines,
    levels: choice.levels,
    notes: choice.notes,
    unknown: unknownRanges(answer, all.total, now),
    undrawn: undrawnRanges(answer, all.total, now),
    lost: answer.lost,
    open: answer.open,
  }
}

/** Both halves summed in the upper one; unknown if both are. */
function allAbove({ above, below }: Record<Half, Values>): Record<Half, Values> {
  const add = (a: number | null, b: number | null) =>
    a === null && b === null ? null : (a ?? 0) + (b ?? 0)
  return { above: above.map((value, i) => add(value, below[i] ?? null)), below: above.map(() => 0) }
}
