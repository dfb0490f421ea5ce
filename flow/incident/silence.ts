/**
 * Silence: all traffic stops and resumes. Detected from first and last packets of records, instants
 * at which traffic certainly passed; bytes are smeared by records that span the gap. If the
 * exporter's own sequence was not continued across the gap, the exporter itself was away.
 */
import { formatExact } from '../units.ts'
import { fallBeyondChance, signsOfLife } from './chance.ts'
import type { Finding } from './finding.ts'
import { clockSetMs, wasAway, type ExporterBreak } from './incident.ts'
import { repliesOf } from './line.ts'
import { changeOf, mean, percentile, runsOf, smoothed, type Run } from './rates.ts'
import type { Scene } from './scene.ts'
import type { Sensitivity } from './sensitivity.ts'

const smoothSeconds = 5
const levelSeconds = 61
const gapSeconds = 3
/** First and last packets drop to this share of their usual level. */
const edgesRatio = 0.15
/** Below this many first and last packets per second, lulls are normal: at night, with few hosts. */
const steadyMin = 1
/** If the exporter reports both directions, packets from outside are at least this share of all. */
const repliesMin = 0.25
/** A silence may be interrupted briefly by this level, if its average stays as low. */
const trickleRatio = 0.5
const trickleSeconds = 30
/** Bytes in the second half of a silence, as a share of those beside it. */
const bytesRatio = 0.1
const besideSeconds = 120
/** At least this many hosts must be active before and after, or it is not a silence of the line. */
const hostsMin = 3
/** At least this many connections must have been due, so that their absence is not chance. */
const dueMin = 20
/** Confidence required that the drop is not chance: see chance.ts. */
const sureMin = 10
/** Lulls of this share of a silence's length in the same scene show that quiet is normal. */
const lullShare = 1 / 3
/** More cuts than this in a scene are the normal pattern of its hosts. */
const cutsMax = 4
const boundarySeconds = 30
/** Packets or new connections per second needed to determine the second of a change. */
const tellingMin = 0.7
/** The datagram that reveals a break may arrive this long after flows resumed. */
const reportMs = 120_000
/** A restart is always reported if the exporter was away at least this long. */
const restartMsMin = 30_000

export interface SilenceContext {
  sensitivity: Sensitivity
  /** Breaks of this exporter. */
  breaks: readonly ExporterBreak[]
}

/** A run in which almost nothing began or ended, with its verdicts. */
interface Quiet {
  /** As found, and with the bounds refined to the second. */
  run: Run
  span: Run
  away: ExporterBreak | null
  /** Lazy, since it scans all flows and few runs need it. */
  isCut: () => boolean
}

/** The silences of a scene, and the times in which its exporter was away, in time order. */
export function findSilences(scene: Scene, { sensitivity, breaks }: SilenceContext): Finding[] {
  const isSteady = levelOf(scene.edges) >= steadyMin
  const replies = repliesOf(scene)
  const sign = signOf(scene, replies)
  const runs = quietRuns(scene, sign)
  const quiet = runs.map((run): Quiet => {
    const span = boundaries(scene, run, replies)
    const away = breakIn(scene, span, breaks)
    let known: boolean | null = away === null ? null : false
    return { run, span, away, isCut: () => (known ??= isCut(scene, span, isSteady)) }
  })
  const found: Finding[] = []
  for (const each of quiet) {
    const { span, away } = each
    if (span.to - span.from < sensitivity.leastSeconds || isOfClock(scene, span, breaks)) continue
    if (away) {
      if (wasAway(away)) found.push(asFinding('exporter', awaySpan(scene, away), awayFacts(away)))
    } else if (isUnusual(each, quiet, isSteady) && each.isCut())
      found.push(asFinding('silence', span, silentFacts(sign, span, sign === replies)))
  }
  for (const each of breaks) {
    const span = awaySpan(scene, each)
    const isInside = span.from >= 0 && span.to <= scene.grid.seconds
    const isFound = found.some(({ from, to }) => from < span.to && span.from < to)
    if (each.isRestart && each.to - each.from >= restartMsMin && isInside && !isFound)
      found.push(asFinding('exporter', span, awayFacts(each)))
  }
  return found.sort((a, b) => a.from - b.from)
}

function asFinding(kind: 'silence' | 'exporter', span: Run, facts: string[]): Finding {
  return {
    kind,
    ...span,
    actors: [],
    direction: 'in',
    isOpenStart: false,
    isOpenEnd: false,
    othersKept: null,
    facts,
  }
}

/** First and last packets per second under normal load. */
function levelOf(counts: Float64Array): number {
  return percentile(smoothed(counts, levelSeconds), 0.75)
}

/**
 * The first and last packets that reveal a silence: those from outside, if the exporter reports
 * both directions, because hosts keep trying on a dead line; otherwise all.
 */
function signOf({ edges, times }: Scene, replies: Float64Array): Float64Array {
  return times * levelOf(replies) >= repliesMin * levelOf(edges) ? replies : edges
}

/** Runs in which almost nothing begins or ends, between busy times. */
function quietRuns(scene: Scene, sign: Float64Array): Run[] {
  const { grid, total } = scene
  const level = levelOf(sign)
  const isSteady = levelOf(scene.edges) >= steadyMin
  const now = smoothed(sign, smoothSeconds)
  const bytes = Float64Array.from(total.in, (each, t) => each + total.out[t]!)
  const usual = percentile(smoothed(bytes, smoothSeconds), 0.5)
  const holds = (t: number) => now[t]! <= edgesRatio * level && bytes[t]! <= usual
  const runs: Run[] = []
  for (const run of runsOf(grid.seconds, gapSeconds, holds)) {
    const last = runs.at(-1)
    if (last && isSteady && isTrickle(sign, last, run, level)) last.to = run.to
    else runs.push(run)
  }
  // A run that touches an end of the scene may just be where the received data ends.
  return runs.filter(({ from, to }) => from > 0 && to < grid.seconds)
}

/** Whether the traffic between two quiet runs is only the trickle that a cut line still passes. */
function isTrickle(edges: Float64Array, before: Run, after: Run, level: number): boolean {
  return (
    after.from - before.to <= trickleSeconds &&
    mean(edges, before.to, after.from) <= trickleRatio * level &&
    mean(edges, before.from, after.to) <= edgesRatio * level
  )
}

/**
 * The seconds between which nothing passed, by maximum likelihood: of packets from outside, which
 * prove that the line is up, if there are enough; otherwise of new connections, because last
 * packets are retried for a while after a line has died.
 */
function boundaries(scene: Scene, run: Run, replies: Float64Array): Run {
  const sides = [
    { from: run.from - besideSeconds, to: run.from - boundarySeconds },
    { from: run.to + boundarySeconds, to: run.to + besideSeconds },
  ]
  const isMany = (counts: Float64Array) =>
    sides.every(({ from, to }) => mean(counts, from, to) >= tellingMin)
  const counts = [replies, scene.openings].find(isMany) ?? scene.edges
  const within = mean(counts, run.from + 1, run.to - 1)
  const [before, after] = sides.map(({ from, to }) => mean(counts, from, to)) as [number, number]
  const middle = Math.floor((run.from + run.to) / 2)
  const start = {
    from: run.from - boundarySeconds,
    to: Math.min(middle, run.from + boundarySeconds),
  }
  const end = { from: Math.max(middle, run.to - boundarySeconds), to: run.to + boundarySeconds }
  return {
    from: changeOf(counts, start, { before, after: within }),
    to: changeOf(counts, end, { before: within, after }),
  }
}

/**
 * Whether much traffic of several hosts was due in a run and none came. On a quiet network the two
 * minutes beside it may be busy by chance, so it must be due by the average around it, too.
 */
function isCut(scene: Scene, span: Run, isSteady: boolean): boolean {
  const { openings } = scene
  const length = span.to - span.from
  const before = { from: span.from - besideSeconds, to: span.from }
  const after = { from: span.to, to: span.to + besideSeconds }
  const rates = [before, after].map(({ from, to }) => mean(openings, from, to))
  if (!isSteady) rates.push(meanAround(openings, span))
  if (Math.min(...rates) * length < dueMin) return false
  const beside = Math.min(bytesIn(scene, before), bytesIn(scene, after))
  const half = { from: Math.floor((span.from + span.to) / 2), to: span.to - 1 }
  if (bytesIn(scene, half) > bytesRatio * beside) return false
  if (!isBeyondChance(scene, span, [before, after])) return false
  return hasHosts(scene, before) && hasHosts(scene, after)
}

/** Whether the drop cannot be chance: host activity comes in bursts, with lulls in between. */
function isBeyondChance(scene: Scene, span: Run, beside: readonly Run[]): boolean {
  const run = { from: span.from + 1, to: span.to - 1 }
  return signsOfLife(scene, () => true).some((counts) => {
    const usual = Math.min(...beside.map(({ from, to }) => mean(counts, from, to)))
    return fallBeyondChance(counts, { run, usual, events: [span] }) >= sureMin
  })
}

/** The mean of all seconds outside a run. */
function meanAround(counts: Float64Array, { from, to }: Run): number {
  const length = to - from
  const within = mean(counts, from, to) * length
  const all = mean(counts, 0, counts.length) * counts.length
  return (all - within) / Math.max(1, counts.length - length)
}

/**
 * Whether quiet is unusual around a cut: no lull that is not itself a cut, and few cuts. A line may
 * fail several times in half an hour; hosts driven by the same clock pause every few minutes. On a
 * quiet network, no lull at all.
 */
function isUnusual({ span }: Quiet, quiet: readonly Quiet[], isSteady: boolean): boolean {
  const least = Math.max(smoothSeconds, lullShare * (span.to - span.from))
  const isLull = ({ from, to }: Run) => to - from >= least
  const others = quiet.filter((each) => each.span !== span && each.away === null)
  if (!isSteady) return !others.some((each) => isLull(each.run) || isLull(each.span))
  const beside = others.filter((each) => isLull(each.span))
  return beside.length < cutsMax && beside.every((each) => each.isCut())
}

/** Whether enough candidate hosts had flows that began or ended in a run. */
function hasHosts(scene: Scene, { from, to }: Run): boolean {
  const { table } = scene
  const seen = new Set<number>()
  const isIn = (at: number) => scene.place(at) >= from && scene.place(at) < to
  for (let row = 0; row < table.count && seen.size < hostsMin; row++) {
    if (!isIn(table.first[row]!) && !isIn(table.last[row]!)) continue
    if (scene.isCandidate(row, 'source')) seen.add(table.source[row]!)
    if (scene.isCandidate(row, 'destination')) seen.add(table.destination[row]!)
  }
  return seen.size >= hostsMin
}

/** Bytes per second. */
function bytesIn({ total }: Scene, { from, to }: Run): number {
  return mean(total.in, from, to) + mean(total.out, from, to)
}

/** The break that explains a gap: it overlaps it, by receive times then and soon after. */
function breakIn(scene: Scene, span: Run, breaks: readonly ExporterBreak[]): ExporterBreak | null {
  const [from, to] = [span.from, span.to].map((t) => scene.grid.from + t * 1000) as [number, number]
  const across = breaks.filter(
    (each) => !each.clock && each.from < to + reportMs && each.to > from && each.to > to - reportMs,
  )
  return across.sort((a, b) => b.to - b.from - (a.to - a.from))[0] ?? null
}

/**
 * Whether a gap is mostly one in the exporter's clock, which was set forward by at least half of it. A flow that is
 * reported afterwards has only later times, so the gap begins earlier by the exporter's timeouts.
 */
function isOfClock({ grid }: Scene, span: Run, breaks: readonly ExporterBreak[]): boolean {
  const [from, to] = [span.from, span.to].map((t) => grid.from + t * 1000) as [number, number]
  return breaks.some((each) => {
    const isNear = each.clock && each.clock.from < to + reportMs && each.clock.to > from
    return isNear && 2 * clockSetMs(each) >= to - from
  })
}

/**
 * When the exporter was away, by receive times. Flows it would have reported then ended earlier, by
 * up to its timeouts.
 */
function awaySpan(scene: Scene, { from, to }: ExporterBreak): Run {
  return { from: Math.floor(scene.place(from)), to: Math.ceil(scene.place(to)) }
}

function awayFacts({ isRestart, lostFlows }: ExporterBreak): string[] {
  if (isRestart) return ['the exporter was started anew: its uptime or its numbers began again']
  return [
    `the exporter’s numbers did not go on: ${lostFlows > 0 ? `about ${formatExact(lostFlows)} flows were` : 'something was'} sent and not received`,
  ]
}

function silentFacts(sign: Float64Array, span: Run, isFromOutside: boolean): string[] {
  const before = mean(sign, span.from - besideSeconds, span.from)
  const within = mean(sign, span.from, span.to)
  const which = isFromOutside ? ' from outside' : ''
  return [
    `${Math.round(within * (span.to - span.from))} first or last packets of flows${which} were seen where ${Math.round(before * (span.to - span.from))} were due`,
    'the exporter’s sequence and uptime went on: it was there and had nothing to report',
  ]
}
