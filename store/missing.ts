/** The time of which a store lacks steps: the spool had to drop them, or the file that held them is left out. */
import { parseDuration } from '../flow/interval.ts'

/** From and to, unix ms, by tier; in order of time. */
export type MissingTime = Readonly<Record<string, readonly (readonly [number, number])[]>>

interface Step {
  tier: string
  time: number
}

/** Most stretches per tier; beyond, the two with the shortest time between them become one. */
const stretchesMax = 100

/** The length of a tier's steps by its name, ms. */
export function stepMsOf(tier: string): number {
  return parseDuration(tier) ?? 0
}

/** With the time of dropped steps. */
export function withDropped(missing: MissingTime, dropped: readonly Step[]): MissingTime {
  if (dropped.length === 0) return missing
  const next: Record<string, MissingTime[string]> = { ...missing }
  for (const [tier, steps] of Map.groupBy(dropped, (each) => each.tier)) {
    const added = steps.map(({ time }) => [time, time + stepMsOf(tier)] as const)
    next[tier] = joined([...(next[tier] ?? []), ...added])
  }
  return next
}

/** Without the time of steps that are written again. */
export function withoutWritten(missing: MissingTime, written: readonly Step[]): MissingTime {
  return written.reduce(
    (left, { tier, time }) => without(left, tier, [time, time + stepMsOf(tier)]),
    missing,
  )
}

/** Without the time of a tier before `before` (unix ms). */
export function withoutExpired(missing: MissingTime, tier: string, before: number): MissingTime {
  return without(missing, tier, [Number.NEGATIVE_INFINITY, before])
}

/** The same object if nothing of the time is missing. */
function without(
  missing: MissingTime,
  tier: string,
  [from, to]: readonly [number, number],
): MissingTime {
  const { [tier]: of = [], ...others } = missing
  if (!of.some((each) => each[0] < to && each[1] > from)) return missing
  const left = of.flatMap(([begin, end]) =>
    [[begin, Math.min(end, from)] as const, [Math.max(begin, to), end] as const].filter(
      (part) => part[0] < part[1],
    ),
  )
  return left.length > 0 ? { ...others, [tier]: joined(left) } : others
}

/** In order, what touches as one, and no more than `stretchesMax`. */
function joined(stretches: readonly (readonly [number, number])[]): [number, number][] {
  const made: [number, number][] = []
  for (const [from, to] of [...stretches].sort((a, b) => a[0] - b[0])) {
    const last = made.at(-1)
    if (last && from <= last[1]) last[1] = Math.max(last[1], to)
    else made.push([from, to])
  }
  while (made.length > stretchesMax) {
    let closest = 1
    for (let i = 2; i < made.length; i++)
      if (made[i]![0] - made[i - 1]![1] < made[closest]![0] - made[closest - 1]![1]) closest = i
    made[closest - 1]![1] = made[closest]![1]
    made.splice(closest, 1)
  }
  return made
}
