/** Finds all events in a scene, each reported once. */
import { findCongestions } from './congestion.ts'
import type { Finding } from './finding.ts'
import type { Scene } from './scene.ts'
import { findSilences, type SilenceContext } from './silence.ts'
import { findSurges } from './surge.ts'

/** The findings of a scene in time order. Of two that overlap, the more severe is kept: a cut before a surge. */
export function findEvents(scene: Scene, context: SilenceContext): Finding[] {
  if (scene.table.count === 0) return []
  const silences = findSilences(scene, context)
  const byGravity = [
    silences.filter(({ kind }) => kind === 'exporter'),
    findCongestions(scene, { sensitivity: context.sensitivity, silences }),
    silences.filter(({ kind }) => kind === 'silence'),
    findSurges(scene, context.sensitivity),
  ].flat()
  const kept: Finding[] = []
  for (const finding of byGravity)
    if (!kept.some((each) => each.from < finding.to && finding.from < each.to)) kept.push(finding)
  return kept.sort((a, b) => a.from - b.from)
}
