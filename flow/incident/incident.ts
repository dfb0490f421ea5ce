/**
 * An incident: a time in which an exporter's traffic was not as it should be, with the facts that
 * were read of it from the flow archive. Times are unix ms, counts scaled by sampling.
 */

/**
 * - congestion: one host (or a few) took the line and the others' traffic fell; begins with its onset
 * - silence: nothing passed, and the exporter was there all the while
 * - exporter: the exporter itself was away or cut off: what passed is not known
 * - surge: many times the usual, in bytes or in connections, and nobody else suffered
 * - none: nothing of that
 */
export const windowKinds = ['congestion', 'silence', 'exporter', 'surge', 'none'] as const
export type WindowKind = (typeof windowKinds)[number]
export type IncidentKind = Exclude<WindowKind, 'none'>

/** A time in which nothing came from an exporter and after which its numbers did not go on. */
export interface ExporterBreak {
  /** An address. */
  exporter: string
  /** The last datagram before and the first after, unix ms. */
  from: number
  to: number
  /** The exporter was started anew; else datagrams of the time were lost. */
  isRestart: boolean
  lostFlows: number
  /** Absent in what older versions kept. */
  lostDatagrams?: number
}

/**
 * The other end with which an actor had most connections, or most bytes where none was opened; but
 * where that one has next to nothing of the bytes (names were looked up there) and another most, that other.
 */
export interface PeerFacts {
  address: string
  connections: number
  bytes: number
}

/** What one host did in an event. */
export interface ActorFacts {
  host: string
  direction: 'in' | 'out'
  /** In that direction, within the event, exactly. */
  bytes: number
  packets: number
  /** Opened by it, and opened to it, from `openedBeforeMs` before the event to its end. */
  connections: number
  accepted: number
  peers: number
  /** Of these, not seen with it in the time before that was read; null where none was. */
  newPeers: number | null
  mainPeer: PeerFacts | null
  /** Of all bytes in that direction. */
  share: number
  /** Usual bytes in that direction for a time as long; null where not known. */
  normal: number | null
}

/** An event's connections are those whose first record begins no earlier than this before it. */
export const openedBeforeMs = 2000

/** Everything that is told of an event; names and sentences are made of it when it is asked for. */
export interface Incident {
  id: string
  exporter: string
  kind: IncidentKind
  /** unix ms */
  from: number
  to: number
  /** Not over when it was last looked at. */
  isOngoing: boolean
  actors: ActorFacts[]
  /** What the others kept of their traffic, 0 to 1; null where it was not compared. */
  othersKept: number | null
  /** Hosts other than the actors are told of by these sentences. */
  facts: string[]
  /** Bytes of all within it, and connections opened by anybody (null where there were too many to join). */
  total: { in: number; out: number; connections: number | null }
  /** Flows that were lost around it, by the exporter's numbers. */
  lost: { flows: number; estimated: boolean }
  /** One of so many packets was looked at. */
  sampling: number
  /** Longest time without a packet within one connection, ms: see connections.ts. */
  idleMs: number
  /** The actors' figures are estimated from so many of their connections: 1 of this. Absent: exact. */
  estimatedFrom?: number
}

/** An order that is always the same, for events of which nothing else says which comes first. */
export function inOrderOfNames(a: Incident, b: Incident): number {
  const name = ({ exporter, id }: Incident) => `${exporter} ${id}`
  return name(a) < name(b) ? -1 : 1
}
