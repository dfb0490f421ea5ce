/** From the greatest keys to the answer, in which rows and what is left over add up to the whole. */
import type { FlowSums, FlowTop, FlowTopRow } from '../../flows.ts'
import type { Keys } from '../keys/keys.ts'

/** What a window without flows gives. */
export function emptyTop(keys: Keys): FlowTop {
  return topAnswer(keys, [], { total: { bytes: 0, packets: 0, flows: 0 } })
}

/**
 * The answer of these rows, out of a window that came to `total`. What is `left` over is told where sums
 * may be beyond 2^53, from where on doubles do not add up.
 */
export function topAnswer(
  keys: Keys,
  rows: FlowTopRow[],
  { total, left }: { total: FlowSums; left?: FlowSums },
): FlowTop {
  const listed = (name: keyof FlowSums) => rows.reduce((sum, row) => sum + row[name], 0)
  const other = left ?? {
    bytes: total.bytes - listed('bytes'),
    packets: total.packets - listed('packets'),
    flows: total.flows - listed('flows'),
  }
  return { rows, other, total, ends: keys.ends.length === 2 ? 2 : 1 }
}
