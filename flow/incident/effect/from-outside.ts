/** Whether the line was up in an event: packets from outside prove it. */
import { openedBeforeMs } from '../incident.ts'
import { mean, percentile, Rates } from '../scene/rates.ts'
import type { Run } from '../scene/runs.ts'
import type { Scene } from '../scene/scene.ts'

/** So many first and last packets from outside must be due before their absence means anything. */
const dueMin = 36
/** As many may come over a line that is down: of records that another clock ended. */
const strayMax = 2
const strayShare = 0.01

/** First and last packets from outside to local hosts, by second. */
export function repliesOf({ table, grid, hosts }: Scene): Float64Array {
  const replies = new Float64Array(grid.seconds)
  const count = (at: number) => {
    const t = Math.floor((at - grid.from) / 1000)
    if (t >= 0 && t < grid.seconds) replies[t]!++
  }
  for (let row = 0; row < table.count; row++) {
    if (hosts.isLocal(table.source[row]!) || !hosts.isLocal(table.destination[row]!)) continue
    count(table.first[row]!)
    if (table.last[row]! > table.first[row]!) count(table.last[row]!)
  }
  return replies
}

/** Bytes from outside to local hosts, by second: of the flows in the table. */
export function bytesFromOutside({ table, grid, hosts }: Scene): Float64Array {
  const rates = new Rates(grid)
  for (let row = 0; row < table.count; row++)
    if (!hosts.isLocal(table.source[row]!) && hosts.isLocal(table.destination[row]!))
      rates.add(table.first[row]!, table.last[row]!, table.bytes[row]!)
  return rates.take()
}

/**
 * Whether anything came from outside in an event, to anyone, or else that it cannot be told: an exporter may report
 * outward packets only. `beside`: times with the usual traffic.
 */
export function isLineUp(
  scene: Scene,
  { from, to }: Run,
  { actors, beside }: { actors: ReadonlySet<number>; beside: readonly Run[] },
): boolean {
  const replies = repliesOf(scene)
  const rates = beside.map((each) => mean(replies, each.from, each.to))
  const due = percentile(rates, 0.5) * (to - from)
  if (due < dueMin) return true
  const seen = mean(replies, from + 1, to - 1) * (to - from - 2)
  return seen > Math.max(strayMax, strayShare * due) || isAnswered(scene, { from, to }, actors)
}

/** Whether a record from outside to an actor goes on from the beginning of an event into its second half. */
function isAnswered(scene: Scene, { from, to }: Run, actors: ReadonlySet<number>): boolean {
  const { table, hosts } = scene
  for (let row = 0; row < table.count; row++) {
    if (!actors.has(table.destination[row]!) || hosts.isLocal(table.source[row]!)) continue
    const [first, last] = [scene.place(table.first[row]!), scene.place(table.last[row]!)]
    if (first >= from - openedBeforeMs / 1000 && first < to && last > (from + to) / 2) return true
  }
  return false
}
