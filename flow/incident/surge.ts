/**
 * Surge: one host opens, or receives, many times as many connections as the whole network usually
 * has (a scan, a flood), and no other host was cut off by it. If the others got no new connections
 * meanwhile, as behind a router whose table of connections is full, it is a congestion.
 */
import { formatExact } from '../units.ts'
import { runsBeside } from './effect/beside.ts'
import { isFallCertain } from './effect/certainty.ts'
import { medianFall, connectionsKept, isStarved, othersWords } from './effect/fall.ts'
import { isLineUp } from './effect/from-outside.ts'
import { Others } from './effect/other-hosts.ts'
import type { Finding } from './finding.ts'
import { percentile, smoothed } from './scene/rates.ts'
import { withoutOverlaps, runsOf, type Run } from './scene/runs.ts'
import type { HostDirection, Scene } from './scene/scene.ts'
import type { Sensitivity } from './sensitivity.ts'

/** Connections are averaged over this many seconds. */
const windowSeconds = 30
/** Fewer connections per second are never a surge, however quiet it was before. */
const openingsMin = 20
const gapSeconds = 15
/** How many of the busiest hosts are examined. */
const hostsMax = 32
/** The share of the connections in a surge that its host must have. */
const shareMin = 0.5

/** The surges of a scene, and those that became congestions, in time order. */
export function findSurges(scene: Scene, { leastSeconds, surgeTimes }: Sensitivity): Finding[] {
  const all = scene.openingsOf((i) => scene.connections.isKnown[i] === 1)
  const usual = percentile(smoothed(all, windowSeconds), 0.5)
  const found: Finding[] = []
  for (const { host, side, openings } of busiest(scene)) {
    const rate = smoothed(openings, windowSeconds)
    const own = percentile(rate, 0.75)
    const threshold = Math.max(openingsMin, surgeTimes * usual, surgeTimes * own)
    for (const run of runsOf(rate.length, gapSeconds, (t) => rate[t]! >= threshold)) {
      const span = spanOf(openings, run, threshold)
      if (span.to - span.from < leastSeconds) continue
      if (shareOf(all, openings, span) < shareMin) continue
      found.push(findingOf(scene, { host, side, openings, span, usual }))
    }
  }
  // A scanner and its target are one event: the longest is kept.
  const longest = found.sort((a, b) => b.to - b.from - (a.to - a.from))
  return withoutOverlaps(longest).map((surge) => starving(scene, surge))
}

/** A host as the one that opens connections, or the one they are opened to. */
type Side = 'opener' | 'peer'

interface Busy {
  host: number
  side: Side
  openings: Float64Array
}

/** The hosts with the most connections, with their connections by second. */
function busiest(scene: Scene): Busy[] {
  const { connections, hosts, grid } = scene
  return (['opener', 'peer'] as const).flatMap((side) => {
    const counts = new Float64Array(hosts.count)
    for (let i = 0; i < connections.count; i++)
      if (connections.isKnown[i] === 1) counts[connections[side][i]!]! += scene.times
    const busy = [...counts.keys()]
      .filter((host) => counts[host]! >= openingsMin * 5 && hosts.isLocal(host))
      .sort((a, b) => counts[b]! - counts[a]!)
      .slice(0, hostsMax)
    const byHost = new Map(busy.map((host) => [host, new Float64Array(grid.seconds)]))
    for (let i = 0; i < connections.count; i++) {
      const openings = byHost.get(connections[side][i]!)
      const t = Math.floor(scene.place(connections.first[i]!))
      if (!openings || connections.isKnown[i] === 0) continue
      if (t >= 0 && t < grid.seconds) openings[t]! += scene.times
    }
    return [...byHost].map(([host, openings]) => ({ host, side, openings }))
  })
}

/** The run without the seconds that smoothing added at its ends. */
function spanOf(openings: Float64Array, run: Run, threshold: number): Run {
  let from = Math.max(0, run.from - windowSeconds)
  let to = Math.min(openings.length, run.to + windowSeconds)
  while (from < run.to && openings[from]! < threshold / 4) from++
  while (to > from + 1 && openings[to - 1]! < threshold / 4) to--
  return { from, to }
}

function shareOf(all: Float64Array, own: Float64Array, { from, to }: Run): number {
  const sum = (values: Float64Array) => values.subarray(from, to).reduce((a, b) => a + b, 0)
  return sum(own) / Math.max(1, sum(all))
}

function findingOf(
  scene: Scene,
  given: { host: number; side: Side; openings: Float64Array; span: Run; usual: number },
): Finding {
  const { host, side, openings, span, usual } = given
  const count = openings.subarray(span.from, span.to).reduce((a, b) => a + b, 0)
  const seconds = span.to - span.from
  const direction: HostDirection = side === 'opener' ? 'out' : 'in'
  const by = side === 'opener' ? 'by' : 'to'
  const isSampled = scene.table.sampling > 1
  return {
    kind: 'surge',
    ...span,
    actors: [host],
    direction,
    isOpenStart: span.from === 0,
    isOpenEnd: span.to >= scene.grid.seconds,
    othersKept: null,
    facts: [
      `${scene.times === 1 ? '' : 'about '}${formatExact(count)} connections were ${isSampled ? 'seen to be ' : ''}opened ${by} it in ${seconds} s, ${formatExact(Math.round(count / seconds))} a second`,
      `the whole network ${isSampled ? 'is usually seen to open' : 'usually opens'} ${Number(usual.toPrecision(2))} a second`,
    ],
  }
}

/**
 * Whether most connections of a host in a run were tries, without an answer, to hosts that had
 * answered it before, as of a name server whose forwarder is gone: not why the others get no
 * connections, but because of the same.
 */
function isRetrying({ connections, grid }: Scene, host: number, { from, to }: Run): boolean {
  const { opener, peer, isAnswered, first, count, showsAnswers } = connections
  if (!showsAnswers) return false
  const [start, end] = [grid.from + from * 1000, grid.from + to * 1000]
  const answering = new Set<number>()
  for (let i = 0; i < count; i++)
    if (opener[i] === host && isAnswered[i] === 1 && first[i]! < start) answering.add(peer[i]!)
  let [all, retried] = [0, 0]
  for (let i = 0; i < count; i++) {
    if (opener[i] !== host || first[i]! < start || first[i]! >= end) continue
    all++
    if (isAnswered[i] === 0 && answering.has(peer[i]!)) retried++
  }
  return retried > all / 2
}

/** A surge as a congestion, if it kept the others from new connections while the line was up; otherwise as it is. */
function starving(scene: Scene, surge: Finding): Finding {
  const span = { from: surge.from, to: surge.to }
  const actors = new Set(surge.actors)
  if (surge.actors.some((host) => isRetrying(scene, host, span))) {
    const fact = 'most of them were to hosts that had answered it before, and did not then'
    return { ...surge, facts: [...surge.facts, fact] }
  }
  const others = new Others(scene, actors, span)
  // A table fills up only some time after the onset.
  const full = { from: Math.floor((span.from + span.to) / 2), to: span.to - 1 }
  const beside = (['before', 'after'] as const).map((side) =>
    runsBeside(scene, { span, events: [] }, side),
  )
  const falls = beside.map((runs) => runs.map((run) => others.fall(full, run)))
  if (!falls.every((each) => each.length > 0 && isStarved(medianFall(each)))) return surge
  if (!isFallCertain(scene, actors, { span, events: [], isLikely: false })) return surge
  if (!isLineUp(scene, full, { actors, beside: beside.flat() })) return surge
  const fall = medianFall(falls.flat())
  const fact = `${othersWords(fall, scene)} kept ${Math.round(100 * connectionsKept(fall))} % of their new connections, or of the answers to them`
  return {
    ...surge,
    kind: 'congestion',
    othersKept: Math.min(1, fall.bytes),
    connectionsKept: connectionsKept(fall),
    facts: [...surge.facts, fact],
  }
}
