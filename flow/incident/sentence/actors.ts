/** What hosts did in a congestion: words that claim only what the flows show. */
import { isGroup, parseAddress } from '../../address.ts'
import { countOf, formatExact } from '../../units.ts'
import type { ActorFacts, Incident, PeerFacts } from '../incident.ts'
import { sayAddresses, sayBytes, sayHost, sayList, type Wording } from './wording.ts'

/** If packets are sampled, most connections of few packets were not seen. */
export function openings({ sampling }: Pick<Incident, 'sampling'>) {
  if (sampling === 1) return { opened: 'opened', beenOpened: 'opened' }
  return { opened: 'was seen to open', beenOpened: 'seen to be opened' }
}

/** So many hosts that did the same are told together. */
const togetherMin = 3
/** And so many of them by name. */
const namedMax = 8

/** A description of what the actors of a congestion did. */
export function sayActors(incident: Incident, wording: Wording): string[] {
  const { actors } = incident
  const areAlike = actors.every(
    (actor) =>
      actor.isUnasked === actors[0]!.isUnasked &&
      !actor.askedBy &&
      !actor.tunnel &&
      !actor.isUsual &&
      (actor.direction === 'in' || !actor.mainPeer || ofMany(actor.mainPeer) === null),
  )
  return areAlike && actors.length >= togetherMin
    ? [sayTogether(actors, wording)]
    : actors.map((actor) => sayActor(actor, incident, wording))
}

/** What several hosts did alike, such as all that fetch the same update. */
function sayTogether(actors: readonly ActorFacts[], wording: Wording): string {
  const { direction, mainPeer } = actors[0]!
  const bytes = actors.reduce((sum, actor) => sum + actor.bytes, 0)
  const packets = actors.reduce((sum, actor) => sum + actor.packets, 0)
  const verb = verbOf({ ...actors[0]!, bytes, packets })
  const withPeer = actors.reduce(
    (sum, { mainPeer: peer }) =>
      sum + (peer && peer.address === mainPeer?.address ? peer.bytes : 0),
    0,
  )
  const most =
    mainPeer && 2 * withPeer > bytes
      ? mostWith({ mainPeer: { ...mainPeer, bytes: withPeer }, direction, bytes }, wording)
      : ''
  const each = actors.map((actor) => `${sayHost(actor.host, wording)} ${sayAmount(actor)}`)
  return `${countOf(actors.length, 'host')} ${verb} ${sayBytes(bytes)} at the same time${most}: ${sayList(each, namedMax)}.`
}

/** A description of what one actor of a congestion did. */
function sayActor(actor: ActorFacts, incident: Incident, wording: Wording): string {
  const { tunnel, isUsual } = actor
  const inside =
    tunnel === undefined
      ? ''
      : ` Most of it was in a tunnel (${tunnel}, by its protocol or port): flows do not show which hosts behind it took the line.`
  const habit = isUsual ? ' It did the like at this hour on earlier days.' : ''
  return `${sayDeed(actor, incident, wording)}${inside}${habit}`
}

const verbs = {
  own: { in: 'downloaded', out: 'uploaded' },
  unasked: { in: 'received', out: 'sent' },
} as const

function sayDeed(actor: ActorFacts, incident: Incident, wording: Wording): string {
  if (actor.askedBy !== undefined) return sayAsked(actor, incident, wording)
  const host = sayHost(actor.host, wording)
  const verb = verbOf(actor)
  const bytes = sayAmount(actor)
  const { connections, mainPeer } = actor
  const many = mainPeer && actor.direction === 'out' ? ofMany(mainPeer) : null
  if (many !== null) return `${host} sent ${bytes}${mostWith(actor, wording)}, ${many}.`
  if (connections === 0) return `${host} ${verb} ${bytes}${mostWith(actor, wording)}.`
  const outward = actor.opensInside ? '' : ' outward'
  const opened = `${openings(incident).opened} ${countOf(connections, 'connection')}${outward}`
  if (mainPeer && actor.openedTo !== undefined && isScattered(actor, mainPeer))
    return `${host} ${opened} to ${countOf(actor.openedTo, 'host')} and ${verb} ${bytes}.`
  if (mainPeer?.connections === 0)
    return `${host} ${opened} and ${verb} ${bytes}${mostWith(actor, wording)}.`
  const of = mainPeer
    ? `, ${shareTo(connections, mainPeer.connections)} ${sayHost(mainPeer.address, wording)},`
    : ''
  return `${host} ${opened}${of} and ${verb} ${bytes}${littleOf(actor)}.`
}

/** No content comes in packets as small as those of a scan, and who only received did not download. */
function verbOf(actor: Pick<ActorFacts, 'isUnasked' | 'direction' | 'bytes' | 'packets'>): string {
  return verbs[actor.isUnasked || isSmall(actor) ? 'unasked' : 'own'][actor.direction]
}

/** A peer with less than this share of connections and bytes is one of many: to name it would single it out. */
const peerShare = 0.1

function isScattered({ connections, bytes }: ActorFacts, peer: PeerFacts): boolean {
  return peer.connections < peerShare * connections && peer.bytes < peerShare * bytes
}

/**
 * What the main peer had of the bytes, if that is not most of them: it has been named as the one
 * with most connections.
 */
function littleOf({ mainPeer, bytes, direction }: ActorFacts): string {
  if (!mainPeer || 2 * mainPeer.bytes >= bytes) return ''
  const some = mainPeer.bytes === 0 ? 'none' : sayBytes(mainPeer.bytes)
  return `, ${some} of it ${direction === 'in' ? 'from there' : 'there'}`
}

/** A description of an actor that did not begin it: a server, or the victim of a flood. */
function sayAsked(
  { host, direction, accepted, askedBy = 0, sentNothing, mainPeer, ...actor }: ActorFacts,
  incident: Incident,
  wording: Wording,
): string {
  const verb = verbs.unasked[direction]
  const isMain = askedBy > 1 && mainPeer !== null && 2 * mainPeer.connections > accepted
  const most = isMain
    ? `, ${formatExact(mainPeer.connections)} of them ${sentNothing ? 'from' : 'by'} ${sayHost(mainPeer.address, wording)}`
    : ''
  const by =
    askedBy === 1 && mainPeer?.connections === accepted
      ? sayHost(mainPeer.address, wording)
      : sentNothing
        ? sayAddresses(askedBy)
        : countOf(askedBy, 'host')
  const some = countOf(accepted, 'connection')
  const to = sayHost(host, wording)
  // Answers that nobody asked for come from servers that opened nothing.
  if (sentNothing)
    return `${some} came to ${to} from ${by}${most}, and it ${verb} ${sayAmount(actor)}, most of it in connections in which it sent nothing.`
  const were = `${accepted === 1 ? 'was' : 'were'} ${openings(incident).beenOpened}`
  return `${some} ${were} to ${to} by ${by}${most}, and it ${verb} ${sayAmount(actor)}.`
}

/** Smaller packets, in bytes, are told: many of them fill a line or a router before their bytes do. */
const smallPacket = 200

function isSmall({ bytes, packets }: Pick<ActorFacts, 'bytes' | 'packets'>): boolean {
  return packets > 0 && bytes / packets < smallPacket
}

function sayAmount(actor: Pick<ActorFacts, 'bytes' | 'packets'>): string {
  const { bytes, packets } = actor
  return `${sayBytes(bytes)}${isSmall(actor) ? ` in ${countOf(packets, 'packet')}` : ''}`
}

/** What goes to many hosts is neither an upload nor a connection outward; null for the address of one. */
function ofMany({ address, isBroadcast }: PeerFacts): string | null {
  const words = parseAddress(address)
  if (words !== null && isGroup(words)) return 'an address of many hosts'
  return isBroadcast ? 'which sent nothing back and may be a broadcast address' : null
}

function shareTo(all: number, some: number): string {
  if (all === 1) return 'to'
  return some === all ? 'all of them to' : `${formatExact(some)} of them to`
}

function mostWith(
  { mainPeer, direction, bytes }: Pick<ActorFacts, 'mainPeer' | 'direction' | 'bytes'>,
  wording: Wording,
): string {
  if (!mainPeer || mainPeer.bytes === 0) return ''
  const way = direction === 'in' ? 'from' : 'to'
  const [some, all] = [sayBytes(mainPeer.bytes), sayBytes(bytes)]
  const part = mainPeer.bytes >= bytes ? '' : `, ${some === all ? 'nearly all' : some} of it`
  return `${part} ${way} ${sayHost(mainPeer.address, wording)}`
}
