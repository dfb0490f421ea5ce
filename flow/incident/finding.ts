/** A finding in a scene, before its facts are computed. */
import type { Incident, IncidentKind } from './incident.ts'
import type { Run } from './scene/runs.ts'
import type { HostDirection } from './scene/scene.ts'

/** What a finding says as its incident does. */
type Said = Pick<
  Incident,
  'othersKept' | 'wentOn' | 'connectionsKept' | 'fromOutside' | 'spanned' | 'facts'
>

/** An event, in seconds of the scene's grid. */
export interface Finding extends Run, Said {
  kind: IncidentKind
  /** The hosts that caused it, by number, largest first; empty if no host did. */
  actors: number[]
  direction: HostDirection
  /** It may have begun before the flows begin, or was not over when they end. */
  isOpenStart: boolean
  isOpenEnd: boolean
  /** Times within it, or at its ends, of which nothing is known: see the gaps of an incident. */
  gaps?: readonly (Run & { isOurs?: true; isUnreadable?: true })[]
  /** Of an exporter that was away: it was the collector that did not listen. */
  isOurs?: true
  /** Or that what it received cannot be read. */
  isUnreadable?: true
}
