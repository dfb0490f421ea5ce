/** Builds a top answer from the largest keys: its rows and the remainder add up to the total. */
import type { FlowSums, FlowTop, FlowTopRow } from '../../flows.ts'
import type { Keys } from '../keys/keys.ts'

/** The answer for a window without flows. */
export function emptyTop(keys: Keys): FlowTop {
  return topAnswer(keys, [], { total: { bytes: 0, packets: 0, flows: 0 } })
}

/**
 * The answer with these rows, for a window totalling `total`. `left`, the remainder, is given if
 * sums may exceed 2^53, above which doubles do not add up.
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
