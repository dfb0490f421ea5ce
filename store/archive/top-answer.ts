/** From the greatest keys to the answer, in which rows and what is left over add up to the whole. */
import type { FlowSums, FlowTop, FlowTopRow } from '../flows.ts'
import type { Keys } from './keys.ts'

/** What a window without flows gives. */
export function emptyTop(keys: Keys): FlowTop {
  return topAnswer(keys, [], { bytes: 0, packets: 0, flows: 0 })
}

/** The answer of these rows, out of a window that came to `total`. */
export function topAnswer(keys: Keys, rows: FlowTopRow[], total: FlowSums): FlowTop {
  const listed = (name: keyof FlowSums) => rows.reduce((sum, row) => sum + row[name], 0)
  const other = {
    bytes: total.bytes - listed('bytes'),
    packets: total.packets - listed('packets'),
    flows: total.flows - listed('flows'),
  }
  return { rows, other, total, ends: keys.ends.length === 2 ? 2 : 1 }
}
