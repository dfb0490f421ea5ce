/** The chart of a group of trackers. */
import type { Tracker } from '../../api/schema/trackers.ts'
import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { makeLayers, type Layers } from '../chart/layers.ts'

/** Each tracker as a layer on its side. */
export function groupLayers(answer: SeriesAnswer, members: readonly Tracker[]): Layers {
  const series = answer.series.flatMap((entry) => {
    const tracker = members.find(({ id }) => id === entry.key?.['tracker'])
    if (!tracker) return []
    const direction = tracker.side === 'above' ? 'in' : 'out'
    // As the API would write it, whose direction is taken off: else a tracker "Web in" would be named "Web".
    const label = `${tracker.name} ${direction}`
    return [{ ...entry, key: { tracker: tracker.id, direction }, label }]
  })
  const keyed = { ...answer, series }
  return makeLayers({ split: 'port', keyed, totals: keyed, peak: null, isLocal: () => true })
}
