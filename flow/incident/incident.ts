/**
 * An incident: a time in which an exporter's traffic was abnormal, with the facts computed from the
 * flow archive. Times are unix ms, counts scaled by sampling.
 */

/**
 * - congestion: one host (or a few) took the line and the others' traffic fell; begins with its onset
 * - silence: nothing passed, although the exporter was up throughout
 * - exporter: the exporter itself was down or unreachable, so the traffic is unknown
 * - surge: many times the usual bytes or connections, and no other host suffered
 * - none: none of these
 */
export const windowKinds = ['congestion', 'silence', 'exporter', 'surge', 'none'] as const
export type WindowKind = (typeof windowKinds)[number]
export type IncidentKind = Exclude<WindowKind, 'none'>

/**
 * A time in which an exporter sent nothing and after which its sequence was not continued, or after which its clock had
 * been set forward.
 */
export interface ExporterBreak {
  /** An address. */
  exporter: string
  /** The last datagram before and the first after, unix ms. */
  from: number
  to: number
  /** The exporter restarted; otherwise datagrams of that time were lost. */
  isRestart: boolean
  lostFlows: number
  /** Absent in records of older versions. */
  lostDatagrams?: number
  /** It was the collector that did not listen; whether the exporter was there is not known. */
  isOurs?: true
  /** What was received then cannot be read (with `isOurs`). */
  isUnreadable?: true
  /**
   * It was only that its clock was set forward, or the collector's (`isOurs`), from one time to
   * another: no flow has a time in between.
   */
  clock?: { from: number; to: number; isOurs?: boolean }
}

/** Fewer lost datagrams are chance, and their lull is not reported. */
const lostMin = 3

/**
 * Whether nothing is known of a break: the exporter restarted, or sent datagrams that nobody
 * received, or nobody listened.
 */
export function wasAway(each: ExporterBreak): boolean {
  const { isRestart, lostDatagrams = lostMin, isOurs = false, clock } = each
  return clock === undefined && (isRestart || isOurs || lostDatagrams >= lostMin)
}

/** By how much an exporter's clock was set forward in a break, ms; 0 if it was not. */
export function clockSetMs({ from, to, clock }: ExporterBreak): number {
  return clock ? clock.to - clock.from - (to - from) : 0
}

/**
 * The peer with which an actor had the most connections, or the most bytes if none was opened. If
 * that peer has almost no bytes (name lookups, say) and another over a quarter, the other one.
 */
export interface PeerFacts {
  address: string
  connections: number
  bytes: number
  /** It may be a subnet's broadcast address. Absent: it sent something, or its address does not look so. */
  isBroadcast?: true
}

/** What one host did in an event. */
export interface ActorFacts {
  host: string
  direction: 'in' | 'out'
  /** In that direction, within the event, exact. */
  bytes: number
  packets: number
  /** Opened by it, and to it, from `openedBeforeMs` before the event to its end. */
  connections: number
  accepted: number
  /** How many hosts it opened these to, and how many opened them to it. Absent in records of older versions. */
  openedTo?: number
  acceptedFrom?: number
  /**
   * It did the like at this hour on earlier days, and another actor did not. Absent: it did not, or
   * it is not known.
   */
  isUsual?: true
  /** Some of those it opened were to local hosts. Absent: none. */
  opensInside?: true
  /** Most of its bytes were in connections that this many hosts opened to it. Absent: it had most in its own. */
  askedBy?: number
  /**
   * Most of these bytes came in connections in which it sent nothing, as in a flood. Absent: it is
   * not known, or it sent something.
   */
  sentNothing?: true
  /**
   * Most of its bytes were in connections that it is not seen to have opened, or only one direction
   * is reported. Absent: it opened them, or the record is of an older version.
   */
  isUnasked?: true
  /** Most of its bytes were within a tunnel, which this names. Absent: they were not. */
  tunnel?: string
  peers: number
  /** Peers not seen with it in the time read before the event; null if none was read. */
  newPeers: number | null
  mainPeer: PeerFacts | null
  /** Of all bytes in that direction. */
  share: number
  /** Usual bytes in that direction over the same length of time; null if unknown. */
  normal: number | null
}

/** Connections count as an event's if their first record begins at most this long before it. */
export const openedBeforeMs = 2000

/** The hosts of a silent exporter that received from outside through another one meanwhile. */
export interface Carried {
  /** An address. */
  exporter: string
  hosts: number
  /** Of so many that had received from outside just before. */
  of: number
}

/** A time within an event, or at its ends, of which nothing is known, unix ms. Absent marks: the exporter was away. */
export interface Gap {
  from: number
  to: number
  /** The collector was away. */
  isOurs?: true
  /** What was received cannot be read. */
  isUnreadable?: true
}

/** All data of an event; names and sentences are added when it is requested. */
export interface Incident {
  id: string
  exporter: string
  kind: IncidentKind
  /** unix ms */
  from: number
  to: number
  /**
   * It may have begun before the first of the flows that were read: length and figures are at least
   * these. Absent: it did not.
   */
  isOpenStart?: boolean
  /** Not over when last checked. */
  isOngoing: boolean
  /** Absent: none. */
  gaps?: readonly Gap[]
  actors: ActorFacts[]
  /** The share of their traffic that the others kept, 0 to 1; null if not compared. */
  othersKept: number | null
  /** Of a congestion: so many other hosts had much and went on as before. Absent: none did. */
  wentOn?: number
  /**
   * A congestion that took connections, not bytes: the share of new ones that the others kept.
   * Absent: it took bytes.
   */
  connectionsKept?: number
  /**
   * Of a silence in which hosts sent on, or copied to each other: the bytes that came from outside.
   * Absent: all stopped.
   */
  fromOutside?: number
  /**
   * Of a silence over which records reach, so that its bytes are not known: of which flows hardly
   * one began or ended. Absent: they are known.
   */
  spanned?: 'outside' | 'all'
  /**
   * Of an exporter that was away: it has no numbers that tell this from a silence, such as with
   * NetFlow v1. Absent: it has.
   */
  mayBeSilence?: true
  /**
   * Of a silence: another exporter carried its hosts meanwhile, as in a fail-over. Absent: none
   * did, or it is not known.
   */
  carried?: Carried
  /** Sentences, including those about hosts other than the actors. */
  facts: string[]
  /** Bytes of all hosts, and connections opened by any host (null if there were too many to join). */
  total: { in: number; out: number; connections: number | null }
  /**
   * Of a silence: the bytes that passed, each counted once, also between two local hosts. Absent:
   * not known better than `total`.
   */
  passed?: number
  /** Flows lost around it, by the exporter's sequence numbers. */
  lost: { flows: number; estimated: boolean }
  /** 1 in this many packets was sampled. */
  sampling: number
  /** Flows had different sampling intervals, of which `sampling` is the greatest. Absent: all the same. */
  samplingVaries?: boolean
  /** Longest pause between packets of one connection, ms: see flows/connections.ts. */
  idleMs: number
  /** The actors' figures are estimated from 1 in this many connections. Absent: exact. */
  estimatedFrom?: number
}

/**
 * The time of which not everything is known because an exporter was away: that time, and before it as long as the
 * exporter's records last, at most as long as it was away. Flows that had not ended then were reported in part.
 */
export function unknownTime(
  { from, to }: { from: number; to: number },
  idle: number,
): { from: number; to: number } {
  return { from: from - Math.min(idle, to - from), to }
}

/**
 * Whether two incidents are the same event, judged at different times. An exporter may be away
 * within a congestion: these are two.
 */
export function isSameEvent(a: Incident, b: Incident): boolean {
  const kinds = [a.kind, b.kind]
  if (kinds.includes('exporter') && kinds.includes('congestion')) return false
  return a.exporter === b.exporter && a.from < b.to && b.from < a.to
}

/** A stable order for events that are otherwise equal. */
export function inOrderOfNames(a: Incident, b: Incident): number {
  const name = ({ exporter, id }: Incident) => `${exporter} ${id}`
  return name(a) < name(b) ? -1 : 1
}
