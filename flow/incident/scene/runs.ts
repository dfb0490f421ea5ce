/** Runs of seconds of a grid. */

/** Seconds [from, to) of a grid, by index. */
export interface Run {
  from: number
  to: number
}

/** Whether a second is at least this far from all runs. */
export function isApart(t: number, seconds: number, runs: readonly Run[]): boolean {
  return runs.every(({ from, to }) => t < from - seconds || t >= to + seconds)
}

/** The runs of seconds for which `holds` is true; those at most `gap` seconds apart are merged. */
export function runsOf(seconds: number, gap: number, holds: (t: number) => boolean): Run[] {
  const runs: Run[] = []
  for (let t = 0; t < seconds; t++) {
    if (!holds(t)) continue
    const last = runs.at(-1)
    if (last && t - last.to <= gap) last.to = t + 1
    else runs.push({ from: t, to: t + 1 })
  }
  return runs
}

/** Whether two runs have a second in common. */
export function isOverlapping(a: Run, b: Run): boolean {
  return a.from < b.to && b.from < a.to
}

/** Of runs that overlap only the first, in order of time. */
export function withoutOverlaps<Kind extends Run>(runs: readonly Kind[]): Kind[] {
  const kept: Kind[] = []
  for (const run of runs) if (!kept.some((each) => isOverlapping(each, run))) kept.push(run)
  return kept.sort((a, b) => a.from - b.from)
}
