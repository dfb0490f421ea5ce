/** Times in which few hosts carry most of the traffic, or many with one peer: they may have taken the line. */
import { openedBeforeMs } from '../incident.ts'
import { mean, percentile, Rates, smoothed } from '../scene/rates.ts'
import { withoutOverlaps, runsOf, type Run } from '../scene/runs.ts'
import type { HostDirection, Scene } from '../scene/scene.ts'

/** Together the actors carry at least this share of a direction's bytes, second by second. */
export const actorsShare = 0.6
/** Each actor carries at least this share. */
export const actorShare = 0.15
/** And at least this many times that host's usual rate. */
export const elevatedTimes = 2.5
/** Who has less than this many times what it had in the minutes before does as before. */
export const moreTimes = 1.5
/** A host's usual rate is exceeded in all but this share of seconds: a long event fills most of a scene. */
export const ownShare = 0.1
/** The usual rate of all hosts is exceeded in all but this share of seconds, or is half of the greatest. */
const usualShare = 0.25
export const smoothSeconds = 5
export const gapSeconds = 5
/** The greatest rate of all hosts is measured over this long, and exceeded in this share of seconds. */
export const greatSeconds = 30
const greatShare = 0.01
/** The remote peers looked at: those with the most bytes. */
const peersMax = 10
/** Of the hosts that had traffic with one peer, those with at least this share of the greatest one's did the same. */
export const likeShare = 0.25
/** Fewer would stand out by themselves, and of more each has to be counted from all flows. */
const likeMin = 3
const likeMax = 50
/** The bytes of both ends of a transfer, with whatever else they have, differ by less than this. */
const outsidePart = 0.5

export interface Candidate extends Run {
  direction: HostDirection
  actors: number[]
  /** Hosts whose transfers go on as before, which the others are compared without. Absent: none. */
  steady?: number[]
  bytes: number
}

/** Runs in which few hosts carry most of the traffic, with these hosts. */
export function candidatesOf(scene: Scene, direction: HostDirection): Candidate[] {
  const { total, usual } = levelOf(scene, direction)
  const hosts = [...scene.followed].map(([host, series]) => {
    const rate = smoothed(series[direction], smoothSeconds)
    return { host, rate, own: percentile(rate, ownShare) }
  })
  const heavy = Float64Array.from(total, (whole, t) => {
    let sum = 0
    for (const { rate, own } of hosts)
      if (rate[t]! >= actorShare * whole && rate[t]! >= elevatedTimes * own) sum += rate[t]!
    return sum
  })
  const holds = (t: number) =>
    heavy[t]! > 0 && heavy[t]! >= actorsShare * total[t]! && heavy[t]! >= usual
  return runsOf(total.length, gapSeconds, holds).flatMap((run) => {
    const whole = mean(total, run.from, run.to)
    const actors = hosts
      .map(({ host, rate, own }) => ({ host, own, rate: mean(rate, run.from, run.to) }))
      .filter(({ rate, own }) => rate >= actorShare * whole && rate >= elevatedTimes * own)
      .sort((a, b) => b.rate - a.rate)
    const bytes = actors.reduce((sum, { rate }) => sum + rate, 0) * (run.to - run.from)
    return actors.length === 0
      ? []
      : [{ ...run, direction, actors: actors.map(({ host }) => host), bytes }]
  })
}

/**
 * Every transfer has acknowledgements the other way: of overlapping runs, keep the one with more
 * bytes. If neither end is local, both have the same: whoever opened most of their connections is
 * meant.
 */
export function mergeDirections(scene: Scene, candidates: readonly Candidate[]): Candidate[] {
  const weight = new Map(
    candidates.map((each) => [each, each.bytes * (isAskedOutside(scene, each) ? outsidePart : 1)]),
  )
  return withoutOverlaps([...candidates].sort((a, b) => weight.get(b)! - weight.get(a)!))
}

/** Whether the actors are not local, and more connections were opened to them than by them. */
function isAskedOutside(
  { connections, hosts, grid }: Scene,
  { actors, from, to }: Candidate,
): boolean {
  if (actors.some((host) => hosts.isLocal(host))) return false
  const { opener, peer, first, count } = connections
  const [start, end] = [grid.from + from * 1000 - openedBeforeMs, grid.from + to * 1000]
  let [own, asked] = [0, 0]
  for (let i = 0; i < count; i++) {
    if (first[i]! < start || first[i]! >= end) continue
    if (actors.includes(opener[i]!)) own++
    if (actors.includes(peer[i]!)) asked++
  }
  return asked > own
}

/** The rates of all hosts, and what of them is usual. */
function levelOf(scene: Scene, direction: HostDirection): { total: Float64Array; usual: number } {
  const total = smoothed(scene.total[direction], smoothSeconds)
  const great = percentile(smoothed(scene.total[direction], greatSeconds), 1 - greatShare)
  return { total, usual: Math.min(percentile(total, usualShare), great / 2) }
}

/**
 * Runs in which most of the traffic is that of one remote peer with several hosts alike, such as a
 * server from which all fetch an update, with these hosts; none if the scene's table holds only a
 * part of the flows.
 */
export function candidatesByPeer(scene: Scene, direction: HostDirection): Candidate[] {
  if (scene.times > 1) return []
  const { total, usual } = levelOf(scene, direction)
  return rowsByPeer(scene, direction).flatMap((rows) => {
    const rates = new Rates(scene.grid)
    const { first, last, bytes } = scene.table
    for (const row of rows) rates.add(first[row]!, last[row]!, bytes[row]!)
    const rate = smoothed(rates.take(), smoothSeconds)
    const own = percentile(rate, ownShare)
    const holds = (t: number) =>
      rate[t]! >= actorsShare * total[t]! && rate[t]! >= elevatedTimes * own && rate[t]! >= usual
    return runsOf(total.length, gapSeconds, (t) => rate[t]! > 0 && holds(t)).flatMap((run) =>
      alike(scene, rows, { run, direction, whole: mean(total, run.from, run.to) }),
    )
  })
}

/** Rows between a local host and a remote peer in one direction, by peer: of the peers with the most bytes. */
function rowsByPeer({ table, hosts }: Scene, direction: HostDirection): number[][] {
  const [host, other] =
    direction === 'in' ? (['destination', 'source'] as const) : (['source', 'destination'] as const)
  const bytes = new Float64Array(hosts.count)
  const isAcross = (row: number) =>
    hosts.isLocal(table[host][row]!) && !hosts.isLocal(table[other][row]!)
  for (let row = 0; row < table.count; row++)
    if (isAcross(row)) bytes[table[other][row]!]! += table.bytes[row]!
  const greatest = [...bytes.keys()]
    .filter((peer) => bytes[peer]! > 0)
    .sort((a, b) => bytes[b]! - bytes[a]!)
    .slice(0, peersMax)
  const rows = new Map<number, number[]>(greatest.map((peer) => [peer, []]))
  for (let row = 0; row < table.count; row++)
    if (isAcross(row)) rows.get(table[other][row]!)?.push(row)
  return [...rows.values()]
}

/** The hosts that had about as much of some rows in a run, if they carry most of what passes in it. */
function alike(
  scene: Scene,
  rows: readonly number[],
  { run, direction, whole }: { run: Run; direction: HostDirection; whole: number },
): Candidate[] {
  const { table, grid } = scene
  const end = direction === 'in' ? 'destination' : 'source'
  const seconds = run.to - run.from
  const span = { from: grid.from + run.from * 1000, seconds }
  const byHost = new Map<number, Rates>()
  for (const row of rows) {
    const host = table[end][row]!
    if (!byHost.has(host)) byHost.set(host, new Rates(span))
    byHost.get(host)!.add(table.first[row]!, table.last[row]!, table.bytes[row]!)
  }
  const had = [...byHost].map(([host, rates]) => ({ host, rate: mean(rates.take(), 0, seconds) }))
  const most = Math.max(...had.map(({ rate }) => rate))
  const actors = had.filter(({ rate }) => rate >= likeShare * most).sort((a, b) => b.rate - a.rate)
  const together = actors.reduce((sum, { rate }) => sum + rate, 0)
  if (actors.length < likeMin || actors.length > likeMax) return []
  if (together < actorsShare * whole) return []
  return [{ ...run, direction, actors: actors.map(({ host }) => host), bytes: together * seconds }]
}
