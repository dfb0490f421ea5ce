/** A finding in a scene, before its facts are computed. */
import type { IncidentKind } from './incident.ts'
import type { Run } from './rates.ts'
import type { HostDirection } from './scene.ts'

/** An event, in seconds of the scene's grid. */
export interface Finding extends Run {
  kind: IncidentKind
  /** The hosts that caused it, by number, largest first; empty if no host did. */
  actors: number[]
  direction: HostDirection
  /** It may have begun before the flows begin, or was not over when they end. */
  isOpenStart: boolean
  isOpenEnd: boolean
  /** Times within it, or at its ends, of which nothing is known: the exporter was away, or the collector (`isOurs`), or what it received cannot be read. Absent: none. */
  gaps?: readonly (Run & { isOurs?: true; isUnreadable?: true })[]
  /** Of an exporter that was away: it was the collector that did not listen. */
  isOurs?: true
  /** Or that what it received cannot be read. */
  isUnreadable?: true
  /** The share of their traffic that the others kept, 0 to 1; null if not compared. */
  othersKept: number | null
  /** Of a congestion: so many other hosts had much and went on as before. Absent: none did. */
  wentOn?: number
  /** A congestion that took connections, not bytes: the share of new ones that the others kept. Absent: it took bytes. */
  connectionsKept?: number
  /** Of a silence in which hosts sent on, or copied to each other: the bytes that came from outside. Absent: all stopped. */
  fromOutside?: number
  /** Of a silence over which records reach, so that its bytes are not known: of which flows hardly one began or ended. Absent: they are known. */
  spanned?: 'outside' | 'all'
  /** The reasons for the verdict, as sentences. */
  facts: string[]
}
