/** What one host did in an event, from the flows around it: exact sums, connections, peers. */
import { openedBeforeMs, type ActorFacts, type PeerFacts } from '../incident.ts'
import type { HostDirection, Scene } from '../scene/scene.ts'
import { isOpenedIn, withinRow, type Span } from './span.ts'
import { tunnelOf } from './tunnel.ts'

/** What one host did in a span of time, in one direction; `whole` is the bytes of all hosts. */
export function actorFacts(
  scene: Scene,
  host: number,
  { span, direction, whole }: { span: Span; direction: HostDirection; whole: number },
): ActorFacts {
  const counted = countBytes(scene, host, { span, direction })
  const opened = countOpenings(scene, 'opener', host, span)
  const accepted = countOpenings(scene, 'peer', host, span)
  const opens = whoOpened(scene, host, span)
  const isAsked = accepted.size > 0 && (opens === 'others' || opens === 'unanswered')
  return {
    host: scene.hosts.text(host),
    direction,
    bytes: counted.bytes,
    packets: counted.packets,
    connections: sum(opened),
    accepted: sum(accepted),
    openedTo: opened.size,
    acceptedFrom: accepted.size,
    ...([...opened.keys()].some((peer) => scene.hosts.isLocal(peer)) && { opensInside: true }),
    ...(isAsked && { askedBy: accepted.size }),
    ...(isAsked && opens === 'unanswered' && { sentNothing: true }),
    ...((opens !== 'host' || scene.connections.isOneWay) && { isUnasked: true }),
    ...(counted.tunnel !== null && { tunnel: counted.tunnel }),
    peers: counted.byPeer.size,
    newPeers: newPeers(scene, host, { span, peers: counted.byPeer }),
    mainPeer: mainPeer(scene, opened.size > 0 && !isAsked ? opened : accepted, counted.byPeer),
    share: whole > 0 ? Math.min(1, counted.bytes / whole) : 0,
    normal: null,
  }
}

/** The direction in which a host had more bytes in a span. */
export function mainDirection(scene: Scene, host: number, span: Span): HostDirection {
  const bytes = (direction: HostDirection) => countBytes(scene, host, { span, direction }).bytes
  return bytes('out') > bytes('in') ? 'out' : 'in'
}

interface Counted {
  bytes: number
  packets: number
  /** Bytes by peer in that direction; peers seen only in the other direction have 0. */
  byPeer: Map<number, number>
  /** The tunnel in which most of the bytes were; null if in none. */
  tunnel: string | null
}

function countBytes(
  scene: Scene,
  host: number,
  { span, direction }: { span: Span; direction: HostDirection },
): Counted {
  const { table } = scene
  const { source, destination, first, last } = table
  const counts = direction === 'in' ? destination : source
  const counted: Counted = { bytes: 0, packets: 0, byPeer: new Map(), tunnel: null }
  const tunnels = new Map<string, number>()
  for (let row = 0; row < table.count; row++) {
    if (source[row] !== host && destination[row] !== host) continue
    if (first[row]! >= span.to || Math.max(last[row]!, first[row]! + 1) <= span.from) continue
    const peer = destination[row] === host ? source[row]! : destination[row]!
    if (counts[row] !== host) {
      addTo(counted.byPeer, peer, 0)
      continue
    }
    const bytes = withinRow(table, row, span, 'bytes')
    counted.bytes += bytes
    counted.packets += withinRow(table, row, span, 'packets')
    addTo(counted.byPeer, peer, bytes)
    const ports = [table.sourcePort[row]!, table.destinationPort[row]!] as const
    const tunnel = tunnelOf(table.protocol[row]!, ...ports)
    if (tunnel !== null) addTo(tunnels, tunnel, bytes)
  }
  for (const [tunnel, bytes] of tunnels) if (bytes > counted.bytes / 2) counted.tunnel = tunnel
  return counted
}

function addTo<Key>(sums: Map<Key, number>, key: Key, amount: number): void {
  sums.set(key, (sums.get(key) ?? 0) + amount)
}

/** Peers are classified as new only with at least this much time before the event, ms. */
const earlierMsMin = 600_000

function newPeers(
  { table, grid }: Scene,
  host: number,
  { span, peers }: { span: Span; peers: ReadonlyMap<number, number> },
): number | null {
  if (span.from - grid.from < earlierMsMin) return null
  const left = new Set(peers.keys())
  for (let row = 0; row < table.count; row++) {
    if (table.first[row]! >= span.from - openedBeforeMs) continue
    if (table.source[row] === host) left.delete(table.destination[row]!)
    else if (table.destination[row] === host) left.delete(table.source[row]!)
  }
  return left.size
}

/** Connections by the other end. */
function countOpenings(
  scene: Scene,
  side: 'opener' | 'peer',
  host: number,
  span: Span,
): Map<number, number> {
  const { connections } = scene
  const other = side === 'opener' ? connections.peer : connections.opener
  const counts = new Map<number, number>()
  for (let i = 0; i < connections.count; i++) {
    if (connections[side][i] !== host || connections.isKnown[i] === 0) continue
    if (!isOpenedIn(scene, i, span)) continue
    addTo(counts, other[i]!, 1)
  }
  return counts
}

/**
 * Who opened the connections that had most of a host's bytes in a span: the host, at whatever time;
 * others, certainly and in that time, or by sending to it without a packet of its own, such as a
 * flood (`unanswered`, if most came so); null if that is not seen.
 */
function whoOpened(
  scene: Scene,
  host: number,
  span: Span,
): 'host' | 'others' | 'unanswered' | null {
  const { connections } = scene
  const { opener, peer, isCertain, isKnown, isAnswered, first, last, bytes } = connections
  let [all, asked, unanswered, own] = [0, 0, 0, 0]
  for (let i = 0; i < connections.count; i++) {
    if (opener[i] !== host && peer[i] !== host) continue
    if (first[i]! >= span.to || last[i]! < span.from) continue
    all += bytes[i]!
    if (isKnown[i] === 0) continue
    if (opener[i] === host) {
      own += bytes[i]!
      continue
    }
    const isUnanswered = connections.showsAnswers && isAnswered[i] === 0
    if ((isCertain[i] === 0 && !isUnanswered) || !isOpenedIn(scene, i, span)) continue
    asked += bytes[i]!
    if (isUnanswered) unanswered += bytes[i]!
  }
  if (unanswered > all / 2) return 'unanswered'
  if (asked > all / 2) return 'others'
  return own > all / 2 ? 'host' : null
}

function sum(counts: ReadonlyMap<number, number>): number {
  let all = 0
  for (const count of counts.values()) all += count
  return all
}

/**
 * The busiest peer, such as a name server, is not the main one if it has less than this share of
 * the bytes and another this much.
 */
const mainMin = 0.1
const meantMin = 0.25

function mainPeer(
  scene: Scene,
  openings: ReadonlyMap<number, number>,
  bytes: ReadonlyMap<number, number>,
): PeerFacts | null {
  const peers = peerCounts(openings, bytes)
  if (peers.length === 0) return null
  const all = sum(bytes)
  const busiest = peers.reduce((best, each) =>
    each.connections > best.connections ||
    (each.connections === best.connections && each.bytes > best.bytes)
      ? each
      : best,
  )
  const greatest = peers.reduce((best, each) => (each.bytes > best.bytes ? each : best))
  const isMeant = busiest.bytes < mainMin * all && greatest.bytes > meantMin * all
  const main = isMeant ? greatest : busiest
  return { ...asFacts(scene, main), ...(scene.broadcasts.has(main.peer) && { isBroadcast: true }) }
}

interface PeerCounts {
  peer: number
  connections: number
  bytes: number
}

/** Every peer with which there were connections or bytes. */
function peerCounts(
  openings: ReadonlyMap<number, number>,
  bytes: ReadonlyMap<number, number>,
): PeerCounts[] {
  return [...new Set([...openings.keys(), ...bytes.keys()])].map((peer) => ({
    peer,
    connections: openings.get(peer) ?? 0,
    bytes: bytes.get(peer) ?? 0,
  }))
}

function asFacts({ hosts }: Scene, { peer, connections, bytes }: PeerCounts): PeerFacts {
  return { address: hosts.text(peer), connections, bytes }
}

/** The peers of a host in a span, ordered by connections, then bytes, descending. */
export function peersOf(
  scene: Scene,
  host: number,
  { span, direction, most }: { span: Span; direction: HostDirection; most: number },
): PeerFacts[] {
  const opened = countOpenings(scene, 'opener', host, span)
  const opens = whoOpened(scene, host, span)
  const isOwn = opened.size > 0 && opens !== 'others' && opens !== 'unanswered'
  const openings = isOwn ? opened : countOpenings(scene, 'peer', host, span)
  const { byPeer } = countBytes(scene, host, { span, direction })
  return peerCounts(openings, byPeer)
    .sort((a, b) => b.connections - a.connections || b.bytes - a.bytes)
    .slice(0, most)
    .map((each) => asFacts(scene, each))
}
