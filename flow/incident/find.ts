/** What flows show: their scene, and the events in it, each reported once. */
import { findCongestions } from './congestion/congestion.ts'
import type { Finding } from './finding.ts'
import { unknownTime } from './incident.ts'
import { withoutGaps, type KnownTime } from './scene/known-time.ts'
import { isOverlapping, type Run } from './scene/runs.ts'
import { Scene, type SeenFlows } from './scene/scene.ts'
import { findSilences, type SilenceContext } from './silence/silence.ts'
import { findSurges } from './surge.ts'

export interface Examined {
  scene: Scene
  findings: Finding[]
}

/**
 * Examines flows, in this thread or another; without `context`, only the scene is wanted. May fail
 * once `signal` is aborted.
 */
export type Examine = (
  seen: SeenFlows,
  context: SilenceContext | null,
  signal?: AbortSignal,
) => Examined | Promise<Examined>

/** Examines flows in the calling thread. */
export function examine(
  { table, grid, counted }: SeenFlows,
  context: SilenceContext | null,
): Examined {
  const scene = new Scene(table, grid, counted)
  return { scene, findings: context ? findEvents(scene, context) : [] }
}

/** The findings of a scene in time order. Of two that overlap, the more severe is kept: a cut before a surge. */
export function findEvents(scene: Scene, context: SilenceContext): Finding[] {
  if (scene.table.count === 0) return []
  const silences = findSilences(scene, context)
  const away = silences.filter(({ kind }) => kind === 'exporter')
  const surges = findSurges(scene, context.sensitivity)
  const byGravity = [
    ...congestionsAcross(scene, context, { away, silences }),
    ...surges.filter(({ kind }) => kind === 'congestion'),
    ...silences.filter(({ kind }) => kind === 'silence'),
    ...surges.filter(({ kind }) => kind === 'surge'),
  ]
  const kept: Finding[] = [...away]
  for (const finding of byGravity) {
    const overlaps = kept.some(
      (each) => isOverlapping(each, finding) && !finding.gaps?.includes(each),
    )
    if (!overlaps) kept.push(finding)
  }
  return kept.sort((a, b) => a.from - b.from)
}

/** What an event is compared with must not lie only across a gap: this long beside it must be known. */
const besideSeconds = 60

/**
 * The congestions of a scene, which go on while the exporter is away; not those of which more is unknown than
 * known.
 */
function congestionsAcross(
  scene: Scene,
  { sensitivity }: SilenceContext,
  { away, silences }: { away: readonly Finding[]; silences: readonly Finding[] },
): Finding[] {
  const unknown = away.map((each) => unknownIn(scene, each))
  const known = withoutGaps(scene, merged(unknown))
  const apart = silences.filter((each) => !away.includes(each)).map((each) => known.into(each))
  return findCongestions(known.scene, { sensitivity, silences: apart }).flatMap((found) => {
    const span = known.back(found)
    const isMostlyKnown = 2 * (found.to - found.from) >= span.to - span.from
    if (!isMostlyKnown || !isComparedBeside(found, known)) return []
    const gaps = away.filter((_, i) => unknown[i]!.from <= span.to && unknown[i]!.to >= span.from)
    return [{ ...found, ...span, ...(gaps.length > 0 && { gaps }) }]
  })
}

/** Whether an event was compared with a time right beside it: across a gap anything may have changed. */
function isComparedBeside(found: Finding, { back }: KnownTime): boolean {
  const { from, to } = back(found)
  const before = back({ from: found.from - besideSeconds, to: found.to })
  const after = back({ from: found.from, to: found.to + besideSeconds })
  return (
    (!found.isOpenStart && from - before.from === besideSeconds) ||
    (!found.isOpenEnd && after.to - to === besideSeconds)
  )
}

/** The seconds of a scene of which not everything is known because the exporter was away. */
function unknownIn({ grid, connections }: Scene, away: Run): Run {
  const { from, to } = unknownTime(away, Math.ceil(connections.idleMs / 1000))
  return { from: Math.max(0, from), to: Math.min(grid.seconds, to) }
}

/** Runs in order of time, those that touch as one, without empty ones. */
function merged(runs: readonly Run[]): Run[] {
  const all: Run[] = []
  for (const { from, to } of runs) {
    const last = all.at(-1)
    if (last && from <= last.to) last.to = Math.max(last.to, to)
    else if (to > from) all.push({ from, to })
  }
  return all
}
