/**
 * The reported facts of hosts: exact figures, for which the hosts' own flows are read if the scene holds only a
 * sample.
 */
import { actorFacts, mainDirection } from '../../flow/incident/facts/actor-facts.ts'
import { totalOf } from '../../flow/incident/facts/totals.ts'
import type { Span } from '../../flow/incident/facts/span.ts'
import type { ActorFacts } from '../../flow/incident/incident.ts'
import type { HostDirection, Scene } from '../../flow/incident/scene/scene.ts'
import { readHosts, type SurroundingsQuery } from './surroundings.ts'

/** The least time read before an event, for connections already open and peers that are not new. */
const earlierMsMin = 660_000
const shortMs = 10_000

interface HostFacts {
  actors: ActorFacts[]
  /** 1: the figures are exact. Otherwise they are estimated from 1 in this many connections. */
  estimatedFrom: number
}

/** The facts of hosts of a scene (by number) in a time span. */
export async function factsOfHosts(
  query: SurroundingsQuery,
  scene: Scene,
  question: {
    hosts: readonly number[]
    span: Span
    /** The direction to report for a host; absent: the one with more bytes. */
    directionOf?: (host: number) => HostDirection
  },
): Promise<HostFacts> {
  const { hosts, span, directionOf } = question
  if (hosts.length === 0) return { actors: [], estimatedFrom: 1 }
  const total = totalOf(scene, span)
  const texts = hosts.map((host) => scene.hosts.text(host))
  const whole = scene.times === 1 ? scene : await ownScene(query, scene, { hosts: texts, span })
  const source = whole ?? scene
  const actors = hosts.map((host, i) => {
    const own = source.hosts.find(texts[i]!)!
    const direction = directionOf?.(host) ?? mainDirection(source, own, span)
    return actorFacts(source, own, { span, direction, whole: total[direction] })
  })
  if (whole) return { actors, estimatedFrom: 1 }
  return {
    actors: actors.map((actor, i) => scaled(actor, scene, { host: hosts[i]!, span })),
    estimatedFrom: scene.times,
  }
}

/** The hosts' own flows during the event and for some time before it, or as much of that as fits. */
async function ownScene(
  query: SurroundingsQuery,
  { table, grid, connections }: Scene,
  { hosts, span }: { hosts: readonly string[]; span: Span },
): Promise<Scene | null> {
  const before = Math.max(earlierMsMin, connections.idleMs + shortMs)
  for (const earlier of [before, shortMs]) {
    const from = Math.max(grid.from, span.from - earlier)
    const { exporter, breaks } = table
    const scene = await readHosts(query, { exporter, hosts, from, to: span.to, breaks })
    if (scene && hosts.every((host) => scene.hosts.find(host) !== null)) return scene
  }
  return null
}

/**
 * Scales figures of the sampled connections up to all; bytes per second are known exactly for
 * followed hosts.
 */
function scaled(
  actor: ActorFacts,
  scene: Scene,
  { host, span }: { host: number; span: Span },
): ActorFacts {
  const { times } = scene
  const [from, to] = [Math.max(0, scene.place(span.from)), scene.place(span.to)]
  const series = scene.followed.get(host)?.[actor.direction]
  const known = series?.subarray(from, to).reduce((all, each) => all + each, 0)
  const bytes = Math.round(known ?? actor.bytes * times)
  const whole = totalOf(scene, span)[actor.direction]
  return {
    ...actor,
    bytes,
    share: whole > 0 ? Math.min(1, bytes / whole) : 0,
    packets: actor.packets * times,
    connections: actor.connections * times,
    accepted: actor.accepted * times,
    newPeers: null,
    mainPeer: actor.mainPeer && {
      address: actor.mainPeer.address,
      connections: actor.mainPeer.connections * times,
      bytes: actor.mainPeer.bytes * times,
    },
  }
}
