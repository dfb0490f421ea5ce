/**
 * Whether counts really fell, or are only low by chance: independent events are uneven, and those
 * of few hosts come in bursts.
 */
import { mean } from '../scene/rates.ts'
import { isApart, type Run } from '../scene/runs.ts'
import type { Scene } from '../scene/scene.ts'

/** A host counts once in this time: a page is one action, however many connections it takes. */
const slotSeconds = 5

/** Unevenness is measured in windows as long as the fall, within these bounds. */
const windowMin = 5
const windowMax = 30
/** The most uneven windows are left out: a scan or another cut is not a usual burst. */
const unevenShareIgnored = 0.05

/**
 * Signs of life by second, each host counted once in a few seconds: opened connections, and records
 * from outside to local hosts. Hosts are numbers; those for which `counts` is false are left out.
 */
export function signsOfLife(scene: Scene, counts: (host: number) => boolean): Float64Array[] {
  const { connections, table, hosts, grid } = scene
  const opened = new HostSlots(grid.seconds)
  for (let i = 0; i < connections.count; i++) {
    const opener = connections.opener[i]!
    if (counts(opener) && counts(connections.peer[i]!))
      opened.add(opener, Math.floor(scene.place(connections.first[i]!)))
  }
  const answered = new HostSlots(grid.seconds)
  for (let row = 0; row < table.count; row++) {
    const host = table.destination[row]!
    if (hosts.isLocal(table.source[row]!) || !hosts.isLocal(host) || !counts(host)) continue
    answered.add(host, Math.floor(scene.place(table.first[row]!)))
  }
  return [opened.counts(), answered.counts()]
}

/** The first second of each slot in which a host was active. */
class HostSlots {
  readonly #seconds: number
  readonly #slots: number
  readonly #first = new Map<number, number>()

  constructor(seconds: number) {
    this.#seconds = seconds
    this.#slots = Math.ceil(seconds / slotSeconds)
  }

  add(host: number, t: number): void {
    if (t < 0 || t >= this.#seconds) return
    const slot = host * this.#slots + Math.floor(t / slotSeconds)
    const first = this.#first.get(slot)
    if (first === undefined || t < first) this.#first.set(slot, t)
  }

  counts(): Float64Array {
    const counts = new Float64Array(this.#seconds)
    for (const t of this.#first.values()) counts[t]!++
    return counts
  }
}

/**
 * How surely counts (by second) were lower in a run than the `usual` rate makes due: the log
 * likelihood ratio of a fall to none, for bursts as uneven as those outside `events`; 0 if they are
 * not lower.
 */
export function fallBeyondChance(
  counts: Float64Array,
  { run, usual, events }: { run: Run; usual: number; events: readonly Run[] },
): number {
  const length = run.to - run.from
  const due = usual * length
  const seen = mean(counts, run.from, run.to) * length
  if (seen >= due) return 0
  const sure = due - seen + (seen > 0 ? seen * Math.log(seen / due) : 0)
  const width = Math.max(windowMin, Math.min(windowMax, length))
  return sure / unevenness(counts, width, events)
}

/**
 * How much more the counts of windows vary than those of independent events (variance over mean);
 * at least 1.
 */
function unevenness(counts: Float64Array, width: number, events: readonly Run[]): number {
  const squares: number[] = []
  let [sum, windows] = [0, 0]
  let before: number | null = null
  for (let t = 0; t + width <= counts.length; t += width) {
    if (!isApart(t, width, events)) {
      before = null
      continue
    }
    const count = mean(counts, t, t + width) * width
    sum += count
    windows++
    if (before !== null) squares.push((count - before) ** 2 / 2)
    before = count
  }
  if (sum === 0 || squares.length === 0) return 1
  squares.sort((a, b) => a - b)
  const kept = squares.slice(0, Math.ceil((1 - unevenShareIgnored) * squares.length))
  const variance = kept.reduce((all, each) => all + each, 0) / kept.length
  return Math.max(1, variance / (sum / windows))
}
