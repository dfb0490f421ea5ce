/** What is found in a scene before its facts are read. */
import type { IncidentKind } from './incident.ts'
import type { Run } from './rates.ts'
import type { HostDirection } from './scene.ts'

/** An event in seconds of the scene's grid. */
export interface Finding extends Run {
  kind: IncidentKind
  /** Hosts that did it, by number, the greatest first; empty where there is nobody to blame. */
  actors: number[]
  direction: HostDirection
  /** It was not over where the flows end, or had begun before they begin. */
  isOpenStart: boolean
  isOpenEnd: boolean
  /** What the others kept of their traffic, 0 to 1; null where it was not compared. */
  othersKept: number | null
  /** Why it was judged so: sentences. */
  facts: string[]
}
