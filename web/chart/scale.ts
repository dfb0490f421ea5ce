/** The scale of the figures: it follows the data, so that a far threshold does not flatten them. */
import type { Half, Values } from './layers.ts'
import type { Level, Scene } from './scene.ts'

type Drawn = Pick<Scene, 'outline' | 'peak' | 'compared' | 'levels'>

/** The scale reaches a level up to this many times the greatest value of its half. */
const levelReach = 1.5

/** The highest and lowest values that the scale reaches, 0 if none. */
export function extremes(scene: Drawn | null): [highest: number, lowest: number] {
  return scene ? [extreme(scene, 'above'), -extreme(scene, 'below')] : [0, 0]
}

/** How far a half reaches from the axis. */
function extreme({ outline, peak, compared, levels }: Drawn, half: Half): number {
  const sign = half === 'above' ? 1 : -1
  let most = 0
  const reach = (values: Values | undefined, factor: number) => {
    for (const value of values ?? []) most = Math.max(most, (value ?? 0) * factor)
  }
  reach(outline[half], sign)
  reach(peak?.[half], 1)
  reach(compared?.[half], 1)
  const near = levels.map(({ value }) => value * sign).filter((value) => value <= most * levelReach)
  return Math.max(most, ...near)
}

/** The range of the figures: a little more than what is drawn, and never empty. */
export function figureRange(highest: number, lowest: number): [number, number] {
  const span = highest - lowest
  if (span <= 0) return [0, 1]
  // A half with hardly anything in it still gets some of the axis.
  const least = span * 0.06
  return [
    lowest === 0 ? -least * 0.5 : Math.min(lowest * 1.06, -least),
    highest === 0 ? least * 0.5 : Math.max(highest * 1.08, least),
  ]
}

/** The levels that a range of figures shows. */
export function levelsWithin(
  levels: readonly Level[],
  [low, high]: readonly [number, number],
): Level[] {
  return levels.filter(({ value }) => value >= low && value <= high)
}

/** The names of the levels beyond either end of the range, with an arrow that points at them. */
export function levelsBeyond(
  levels: readonly Level[],
  [low, high]: readonly [number, number],
): { higher: string[]; lower: string[] } {
  const named = levels.filter(({ text }) => text !== '')
  return {
    higher: named.filter(({ value }) => value > high).map(({ text }) => `↑ ${text}`),
    lower: named.filter(({ value }) => value < low).map(({ text }) => `↓ ${text}`),
  }
}
