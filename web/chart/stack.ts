/** Stacking that preserves unknown values: a gap stays a gap and is never drawn as zero. */
import type { Half, Layer, Values } from './layers.ts'

/** A layer as drawn: its outer edge at each step, negative below the axis; null in a gap. */
export interface StackedLayer {
  layer: Layer
  edge: (number | null)[]
}

/**
 * The layers of one half stacked, the first next to the axis. A step whose total for the half is
 * unknown is null in every layer. If only one layer is unknown there, it adds nothing (it is part
 * of `other`) and its edge is null, so that nothing is drawn in its colour.
 */
export function stack(layers: readonly Layer[], half: Half, total: Values): StackedLayer[] {
  const sign = half === 'above' ? 1 : -1
  const height = new Float64Array(total.length)
  return layers
    .filter((layer) => layer.half === half)
    .map((layer) => ({
      layer,
      edge: total.map((all, i) => {
        const value = layer.values[i] ?? null
        if (all === null || value === null) return null
        const top = height[i]! + value
        height[i] = top
        return top * sign
      }),
    }))
}

/** The outer edge of a stack: the sum of what is drawn, null in a gap. */
export function outline(stacked: readonly StackedLayer[], total: Values): (number | null)[] {
  return total.map((all, i) => {
    if (all === null) return null
    for (let k = stacked.length - 1; k >= 0; k--) {
      const edge = stacked[k]!.edge[i] ?? null
      if (edge !== null) return edge
    }
    return 0
  })
}

/** The layers of one half as separate lines, negative below the axis. */
export function asLines(layers: readonly Layer[], half: Half): StackedLayer[] {
  const sign = half === 'above' ? 1 : -1
  return layers.map((layer) => ({
    layer,
    edge: layer.values.map((value) => (value === null ? null : value * sign)),
  }))
}

/** At each step the line farthest from the axis; null in a gap. */
export function farthest(lines: readonly StackedLayer[], total: Values): (number | null)[] {
  return total.map((all, i) => {
    if (all === null) return null
    return lines.reduce((most, { edge }) => {
      const value = edge[i] ?? 0
      return Math.abs(value) > Math.abs(most) ? value : most
    }, 0)
  })
}
