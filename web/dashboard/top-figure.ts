/** The figure of a row of a top list: the one that the list is ordered by, and its bar with it. */
import type { TopRow } from '../../api/schema/schema.ts'
import { formatDuration, formatScaled, formatWithUnit } from '../../flow/units.ts'

export interface TopFigure {
  valueOf: (row: TopRow) => number
  text: (value: number) => string
}

const seconds = ({ first, last }: TopRow) => last - first

const figures: Record<string, TopFigure> = {
  packets: { valueOf: ({ packets }) => packets, text: formatScaled },
  flows: { valueOf: ({ flows }) => flows, text: formatScaled },
  peers: { valueOf: ({ peers }) => peers, text: formatScaled },
  duration: { valueOf: seconds, text: formatDuration },
  rate: {
    // As the API orders by it: a single packet has no rate.
    valueOf: (row) => (seconds(row) > 0 ? (row.bytes * 8) / seconds(row) : 0),
    text: (value) => formatWithUnit(value, 'b/s'),
  },
}
const ofBytes: TopFigure = {
  valueOf: ({ bytes }) => bytes,
  text: (value) => formatWithUnit(value, 'B'),
}

/** The figure for an order of /api/top. */
export function topFigure(order: string): TopFigure {
  return figures[order] ?? ofBytes
}
