/** What the canvas draws: stacked layers with their colours, made once for each answer and choice of keys. */
import type { SeriesAnswer } from '../../api/schema.ts'
import { ColourSlots, mixed, otherColours, palettes, type Theme } from './colours.ts'
import type { Half, Layer, Layers, Values } from './layers.ts'
import { outline, stack, type StackedLayer } from './stack.ts'
import { inks } from './theme.ts'
import { unknownRanges, type UnknownRange } from './unknown.ts'

export interface SceneLayer extends StackedLayer {
  colour: string
}

export interface Scene {
  answer: SeriesAnswer
  /** Starts of steps, and behind them the end of the last. */
  time: number[]
  /** By half, the layer at the axis first. */
  layers: Record<Half, SceneLayer[]>
  outline: Record<Half, (number | null)[]>
  peak: Record<Half, Values> | null
  unknown: UnknownRange[]
  lost: SeriesAnswer['lost']
  open: SeriesAnswer['open']
}

const slots = new ColourSlots()

/** How far a direction's colour goes towards the panel: internal and transit are a key's paler parts. */
const paler: Record<Layer['direction'], number> = { in: 0, out: 0, internal: 0.35, transit: 0.55 }

/** The colour of each layer; the same key above and below has the same. */
export function layerColours(layers: readonly Layer[], theme: Theme): string[] {
  const ids = [...new Set(layers.map((layer) => layer.id))].filter((id) => id !== 'other')
  const assigned = slots.assign(ids)
  const single = ids.length > 0 && layers.every((layer) => layer.id === layer.direction)
  return layers.map((layer) => {
    const slot = assigned[ids.indexOf(layer.id)]
    const colour = slot === undefined ? otherColours[theme] : palettes[theme][slot]!
    return single ? colour : mixed(colour, inks[theme].panel, paler[layer.direction])
  })
}

/** The scene of those layers that are chosen. */
export function makeScene(all: Layers, theme: Theme, isShown: (id: string) => boolean): Scene {
  const { answer } = all
  const colours = layerColours(all.layers, theme)
  const shown = all.layers.filter((layer) => isShown(layer.id))
  const half = (name: Half): SceneLayer[] =>
    stack(shown, name, all.total[name]).map((stacked) => ({
      ...stacked,
      colour: colours[all.layers.indexOf(stacked.layer)]!,
    }))
  const layers = { above: half('above'), below: half('below') }
  const whole = shown.length === all.layers.length
  return {
    answer,
    time: [...answer.time, answer.to],
    layers,
    outline: {
      above: outline(layers.above, all.total.above),
      below: outline(layers.below, all.total.below),
    },
    peak: whole ? all.peak : null,
    unknown: unknownRanges(answer, all.total, Date.now() / 1000),
    lost: answer.lost,
    open: answer.open,
  }
}
