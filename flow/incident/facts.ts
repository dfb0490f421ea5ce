/** The facts of an event, computed from the flows around it: exact sums, connections, peers. */
import { countWithin } from '../spread.ts'
import { openedBeforeMs, type ActorFacts, type Incident, type PeerFacts } from './incident.ts'
import type { FlowTable } from './flow-table.ts'
import type { HostDirection, Scene } from './scene.ts'
import { tunnelOf } from './tunnel.ts'

/** A span of time, [from, to), unix ms. */
export interface Span {
  from: number
  to: number
}

/** The time of a finding, unix ms. */
export function spanOf({ grid }: Scene, { from, to }: { from: number; to: number }): Span {
  return { from: grid.from + from * 1000, to: grid.from + to * 1000 }
}

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

/**
 * Bytes of all hosts that can be actors, and connections opened by any host. If there are more
 * flows than the scene's table holds, bytes are sums of its seconds and connections are null.
 */
export function totalOf(scene: Scene, span: Span): Incident['total'] {
  const { table, connections } = scene
  if (scene.times > 1) {
    const [from, to] = [Math.max(0, scene.place(span.from)), scene.place(span.to)]
    const bytes = (values: Float64Array) =>
      Math.round(values.subarray(from, to).reduce((all, each) => all + each, 0))
    return { in: bytes(scene.total.in), out: bytes(scene.total.out), connections: null }
  }
  const total = { in: 0, out: 0, connections: 0 }
  for (let row = 0; row < table.count; row++) {
    const bytes = within(scene, row, span, 'bytes')
    if (bytes === 0) continue
    if (scene.isCandidate(row, 'destination')) total.in += bytes
    if (scene.isCandidate(row, 'source')) total.out += bytes
  }
  for (let i = 0; i < connections.count; i++) if (isOpenedIn(scene, i, span)) total.connections++
  return total
}

/** The bytes that passed in a span, each counted once; null if there are more flows than the scene's table holds. */
export function passedIn(scene: Scene, span: Span): number | null {
  if (scene.times > 1) return null
  let bytes = 0
  for (let row = 0; row < scene.table.count; row++) bytes += within(scene, row, span, 'bytes')
  return bytes
}

/** The hosts with the most bytes in a span, sent plus received, largest first. */
export function greatestHosts(scene: Scene, span: Span, most: number): number[] {
  const run = { from: scene.place(span.from), to: scene.place(span.to) }
  const bytes = scene.bytesByHost(run)
  return [...bytes.keys()]
    .filter((host) => bytes[host]! > 0)
    .sort((a, b) => bytes[b]! - bytes[a]! || a - b)
    .slice(0, most)
}

/** The direction in which a host had more bytes in a span. */
export function mainDirection(scene: Scene, host: number, span: Span): HostDirection {
  const bytes = (direction: HostDirection) => countBytes(scene, host, { span, direction }).bytes
  return bytes('out') > bytes('in') ? 'out' : 'in'
}

function within({ table }: Scene, row: number, span: Span, field: 'bytes' | 'packets'): number {
  return withinRow(table, row, span, field)
}

/** How much of a row falls in a span, exact. */
export function withinRow(
  table: FlowTable,
  row: number,
  span: Span,
  field: 'bytes' | 'packets',
): number {
  const flow = { first: table.first[row]!, last: table.last[row]! }
  return countWithin(table[field][row]!, flow, span.from, span.to)
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
  const counted: Counted = { bytes: 0, packets: 0, byPeer: new Map(), tunnel: null }
  const tunnels = new Map<string, number>()
  for (let row = 0; row < table.count; row++) {
    const isReceived = table.destination[row] === host
    if (!isReceived && table.source[row] !== host) continue
    if (
      table.first[row]! >= span.to ||
      Math.max(table.last[row]!, table.first[row]! + 1) <= span.from
    )
      continue
    const peer = isReceived ? table.source[row]! : table.destination[row]!
    const isCounted = (direction === 'in' ? table.destination[row] : table.source[row]) === host
    const bytes = isCounted ? within(scene, row, span, 'bytes') : 0
    counted.bytes += bytes
    if (isCounted) counted.packets += within(scene, row, span, 'packets')
    counted.byPeer.set(peer, (counted.byPeer.get(peer) ?? 0) + bytes)
    const tunnel = tunnelOf(
      table.protocol[row]!,
      table.sourcePort[row]!,
      table.destinationPort[row]!,
    )
    if (tunnel !== null) tunnels.set(tunnel, (tunnels.get(tunnel) ?? 0) + bytes)
  }
  for (const [tunnel, bytes] of tunnels) if (bytes > counted.bytes / 2) counted.tunnel = tunnel
  return counted
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

function isOpenedIn({ connections }: Scene, i: number, span: Span): boolean {
  const first = connections.first[i]!
  return first >= span.from - openedBeforeMs && first < span.to
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
    counts.set(other[i]!, (counts.get(other[i]!) ?? 0) + 1)
  }
  return counts
}

/**
 * Who opened the connections that had most of a host's bytes in a span: the host, at whatever time; others, certainly and in
 * that time, or by sending to it without a packet of its own, such as a flood (`unanswered`, if most came so); null if that
 * is not seen.
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
    const isUnanswered = connections.showsAnswers && isAnswered[i] === 0
    if (isKnown[i] === 0) continue
    if (opener[i] === host) own += bytes[i]!
    else if ((isCertain[i] === 1 || isUnanswered) && isOpenedIn(scene, i, span)) {
      asked += bytes[i]!
      if (isUnanswered) unanswered += bytes[i]!
    }
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

/** The busiest peer, such as a name server, is not the main one if it has less than this share of the bytes and another this much. */
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
