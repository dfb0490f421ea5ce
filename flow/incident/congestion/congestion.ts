/**
 * Congestion: one or a few hosts carry most of the traffic, as much as everybody did before, and
 * the traffic of all others drops meanwhile. It starts with the actors' onset: the others' drop is
 * only evidence, because their records that extend into the event smear it.
 */
import type { Finding } from '../finding.ts'
import { isOverlapping, type Run } from '../scene/runs.ts'
import { directions, type Scene } from '../scene/scene.ts'
import type { Sensitivity } from '../sensitivity.ts'
import { candidatesBeside } from './candidates-beside.ts'
import { candidatesByPeer, candidatesOf, mergeDirections, type Candidate } from './candidates.ts'
import { judge, type JudgeOptions } from './verdict.ts'

/**
 * The congestions of a scene, in time order. The usual level is taken from the time around each
 * event without other events: `silences`, and those found here.
 */
export function findCongestions(
  scene: Scene,
  { sensitivity, silences }: { sensitivity: Sensitivity; silences: readonly Run[] },
): Finding[] {
  const among = (candidatesIn: typeof candidatesOf, found: readonly Finding[]) => {
    const candidates = mergeDirections(
      scene,
      directions.flatMap((way) => candidatesIn(scene, way)),
    )
    const isFound = (each: Run) => found.some((one) => isOverlapping(one, each))
    const open = candidates.filter((each) => !isFound(each))
    return findAmong(scene, open, { sensitivity, events: [...silences, ...found] })
  }
  const found: Finding[] = []
  for (const candidatesIn of [candidatesOf, candidatesByPeer, candidatesBeside])
    found.push(...among(candidatesIn, found))
  return found.sort((a, b) => a.from - b.from)
}

/** The congestions among candidates; each one found is an event that the others are judged without. */
function findAmong(
  scene: Scene,
  candidates: readonly Candidate[],
  { sensitivity, events }: JudgeOptions,
): Finding[] {
  let open = candidates.filter(({ from, to }) => to - from >= sensitivity.leastSeconds)
  const found: Finding[] = []
  for (;;) {
    const known = [...events, ...found]
    const judged = open.map((candidate) => judge(scene, candidate, { sensitivity, events: known }))
    const more = judged.filter((finding) => finding !== null)
    if (more.length === 0) return found
    found.push(...more)
    open = open.filter((_, i) => judged[i] === null)
  }
}
