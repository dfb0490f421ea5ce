/** The figure of a row of a top list: the one that the list is ordered by, and its bar with it. */
import type { TopAnswer, TopRow } from '../../api/schema/schema.ts'
import { lengthCounted, rateCounted } from '../../flow/spread.ts'
import { formatDuration, formatScaled, formatWithUnit } from '../../flow/units.ts'

interface TopFigure {
  valueOf: (row: TopRow) => number
  text: (value: number) => string
}

const bytes: TopFigure = {
  valueOf: (row) => row.bytes,
  text: (value) => formatWithUnit(value, 'B'),
}

/** The figure for the order of an answer. */
export function topFigure(answer: Pick<TopAnswer, 'order' | 'from' | 'to' | 'include'>): TopFigure {
  const figures: Record<string, TopFigure> = {
    packets: { valueOf: (row) => row.packets, text: formatScaled },
    flows: { valueOf: (row) => row.flows, text: formatScaled },
    peers: { valueOf: (row) => row.peers, text: formatScaled },
    duration: { valueOf: (row) => lengthCounted(row, answer), text: formatDuration },
    rate: {
      valueOf: (row) => rateCounted(row.bytes * 8, row, answer),
      text: (value) => formatWithUnit(value, 'b/s'),
    },
  }
  return figures[answer.order] ?? bytes
}
