/** What is told of hosts: exact figures, for which their own flows are read where a scene holds only a part. */
import { actorFacts, mainDirection, totalOf, type Span } from '../../flow/incident/facts.ts'
import type { ActorFacts } from '../../flow/incident/incident.ts'
import type { HostDirection, Scene } from '../../flow/incident/scene.ts'
import { readHosts, type SurroundingsQuery } from './surroundings.ts'

/** What is read before an event: connections that had begun, and peers that are not new. */
const earlierLeastMs = 660_000
const shortMs = 10_000

export interface HostFacts {
  actors: ActorFacts[]
  /** 1: the figures are exact. Else they are reckoned from 1 of so many connections. */
  estimatedFrom: number
}

/** The facts of hosts of a scene (by number) in a span of time. */
export async function factsOfHosts(
  query: SurroundingsQuery,
  scene: Scene,
  asked: {
    hosts: readonly number[]
    span: Span
    /** In which direction a host is told of; absent: where it had more bytes. */
    directionOf?: (host: number) => HostDirection
  },
): Promise<HostFacts> {
  const { hosts, span, directionOf } = asked
  if (hosts.length === 0) return { actors: [], estimatedFrom: 1 }
  const total = totalOf(scene, span)
  const texts = hosts.map((host) => scene.hosts.text(host))
  const whole = scene.times === 1 ? scene : await ownScene(query, scene, { hosts: texts, span })
  const told = whole ?? scene
  const actors = hosts.map((host, i) => {
    const own = told.hosts.find(texts[i]!)!
    const direction = directionOf?.(host) ?? mainDirection(told, own, span)
    return actorFacts(told, own, { span, direction, whole: total[direction] })
  })
  if (whole) return { actors, estimatedFrom: 1 }
  return {
    actors: actors.map((actor, i) => scaled(actor, scene, { host: hosts[i]!, span })),
    estimatedFrom: scene.times,
  }
}

/** The hosts' own flows: of the time of the event and of some time before it, or as much of that as can be held. */
async function ownScene(
  query: SurroundingsQuery,
  { table, grid, connections }: Scene,
  { hosts, span }: { hosts: readonly string[]; span: Span },
): Promise<Scene | null> {
  const before = Math.max(earlierLeastMs, connections.idleMs + shortMs)
  for (const earlier of [before, shortMs]) {
    const from = Math.max(grid.from, span.from - earlier)
    const { exporter } = table
    const scene = await readHosts(query, { exporter, hosts, from, to: span.to })
    if (scene && hosts.every((host) => scene.hosts.find(host) !== null)) return scene
  }
  return null
}

/** What a part of the connections says of all of them; bytes are known by second. */
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
