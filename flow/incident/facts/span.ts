/** The time of an event, and what of flows and connections falls in it. */
import { countWithin } from '../../spread.ts'
import type { FlowTable } from '../flows/flow-table.ts'
import { openedBeforeMs } from '../incident.ts'
import type { Run } from '../scene/runs.ts'
import type { Scene } from '../scene/scene.ts'

/** A span of time, [from, to), unix ms. */
export interface Span {
  from: number
  to: number
}

/** The time of a finding, unix ms. */
export function spanOf({ grid }: Scene, { from, to }: Run): Span {
  return { from: grid.from + from * 1000, to: grid.from + to * 1000 }
}

/** How much of a row falls in a span, exact. */
export function withinRow(
  table: FlowTable,
  row: number,
  span: Span,
  field: 'bytes' | 'packets',
): number {
  const flow = { first: table.first[row]!, last: table.last[row]! }
  return countWithin(table[field][row]!, flow, span.from, span.to)
}

/** Whether a connection counts as one of an event. */
export function isOpenedIn({ connections }: Scene, i: number, span: Span): boolean {
  const first = connections.first[i]!
  return first >= span.from - openedBeforeMs && first < span.to
}
