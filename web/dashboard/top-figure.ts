/** The figure of a row of a top list: the one that the list is ordered by, and its bar with it. */
import type { TopAnswer, TopRow } from '../../api/schema/schema.ts'
import { lengthCounted } from '../../flow/spread.ts'
import { formatDuration, formatScaled, formatWithUnit } from '../../flow/units.ts'

export interface TopFigure {
  valueOf: (row: TopRow) => number
  text: (value: number) => string
}

const bytes: TopFigure = {
  valueOf: (row) => row.bytes,
  text: (value) => formatWithUnit(value, 'B'),
}

/** The figure for the order of an answer. */
export function topFigure(answer: Pick<TopAnswer, 'order' | 'from' | 'to' | 'include'>): TopFigure {
  const seconds = (row: TopRow) => lengthCounted(row, answer)
  const figures: Record<string, TopFigure> = {
    packets: { valueOf: (row) => row.packets, text: formatScaled },
    flows: { valueOf: (row) => row.flows, text: formatScaled },
    peers: { valueOf: (row) => row.peers, text: formatScaled },
    duration: { valueOf: seconds, text: formatDuration },
    rate: {
      // As the API orders by it: a single packet has no rate.
      valueOf: (row) => (seconds(row) > 0 ? (row.bytes * 8) / seconds(row) : 0),
      text: (value) => formatWithUnit(value, 'b/s'),
    },
  }
  return figures[answer.order] ?? bytes
}
