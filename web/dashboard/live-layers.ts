/** Live seconds as the layers of a chart. */
import type { SeriesAnswer, SeriesEntry } from '../../api/schema/schema.ts'
import { makeLayers, type Direction, type Layers } from '../chart/layers.ts'

/** [bytes, packets, flows] of a second, by direction; by unix seconds. */
export type LiveRows = ReadonlyMap<number, Readonly<Record<string, readonly number[]>>>

const columns = { bits: 0, packets: 1, flows: 2 } as const
const directions: readonly Direction[] = ['in', 'internal', 'transit', 'out']

/**
 * The last `seconds` before the newest, which is still being filled; seconds without data are
 * unknown. Null before the first.
 */
export function liveLayers(
  rows: LiveRows,
  { measure, seconds }: { measure: keyof typeof columns; seconds: number },
): Layers | null {
  if (rows.size === 0) return null
  const to = Math.max(...rows.keys())
  const from = to - seconds
  const time = Array.from({ length: seconds }, (_, i) => from + i)
  const times = measure === 'bits' ? 8 : 1
  const series = directions.map((direction): SeriesEntry => {
    const values = time.map((t) => {
      const sums = rows.get(t)
      return sums ? (sums[direction]?.[columns[measure]] ?? 0) * times : null
    })
    const known = values.filter((value): value is number => value !== null)
    const total = known.reduce((sum, value) => sum + value, 0)
    const last = known.at(-1) ?? null
    const summary = { average: null, maximum: null, minimum: null, last, p95: null, total }
    return { key: { direction }, label: direction, values, summary }
  })
  const answer: SeriesAnswer = {
    from, to, asked: { from, to }, snapped: false, step: 1, source: 'live', cf: 'average', measure,
    by: ['direction'], time, series, unknown: [], lost: [], open: null, remarks: [],
  } // prettier-ignore
  return makeLayers({
    split: 'direction',
    keyed: answer,
    totals: answer,
    peak: null,
    isLocal: () => true,
  })
}
