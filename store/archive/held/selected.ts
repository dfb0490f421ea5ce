/** The flows of held files that belong to a window and pass its filter. */
import type { FlowPredicate } from '../../../flow/filter/predicate.ts'
import type { FlowWindow, Include } from '../../flows.ts'
import type { HeldFlows } from './held-files.ts'

/** Which flows belong to a window: see belongsSql. */
const belongs: Record<
  Include,
  (first: number, last: number, window: { from: number; to: number }) => boolean
> = {
  any: (first, last, { from, to }) => first < to && Math.max(first, last - 1) >= from,
  start: (first, _last, { from, to }) => first < to && first >= from,
  end: (_first, last, { from, to }) => last >= from && last < to,
  within: (first, last, { from, to }) => first < to && first >= from && last <= to,
}

/** Of a file's flows, the rows that belong to the window and pass. */
export function selectRows(
  { flows, first, last }: HeldFlows,
  window: FlowWindow,
  predicate: FlowPredicate | null,
): Int32Array {
  const { count } = flows
  const isIn = belongs[window.include]
  const passes = predicate === null ? null : new Uint8Array(count)
  if (passes) predicate!.matches(flows, count, passes)
  const rows = new Int32Array(count)
  let found = 0
  for (let row = 0; row < count; row++) {
    if (passes !== null && passes[row] === 0) continue
    if (isIn(first[row]!, last[row]!, window)) rows[found++] = row
  }
  return rows.subarray(0, found)
}
