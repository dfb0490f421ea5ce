/**
 * Silence: all traffic stops and resumes. Detected from first and last packets of records, instants
 * at which traffic certainly passed; bytes are smeared by records that span the gap. If the
 * exporter's own sequence was not continued across the gap, the exporter itself was away.
 */
import { fallBeyondChance, signsOfLife } from '../effect/chance.ts'
import { besideSeconds, isStopped } from '../effect/stopped.ts'
import type { Finding } from '../finding.ts'
import { wasAway, type ExporterBreak } from '../incident.ts'
import { changeOf, mean, percentile, smoothed } from '../scene/rates.ts'
import { isOverlapping, runsOf, type Run } from '../scene/runs.ts'
import type { Scene } from '../scene/scene.ts'
import type { Sensitivity } from '../sensitivity.ts'
import { awayFacts, awaySpan, breakIn, isOfClock } from './exporter-away.ts'
import {
  howItWas,
  isShort,
  isSpanned,
  isStoppedOutside,
  levelOf,
  passingOf,
  sentRatio,
  spannedRatio,
  type Passing,
} from './passing.ts'

const smoothSeconds = 5
const gapSeconds = 3
/** First and last packets drop to this share of their usual level. */
const edgesRatio = 0.15
/** Below this many first and last packets per second, lulls are normal: at night, with few hosts. */
const steadyMin = 1
/** A silence may be interrupted briefly by this level, if its average stays as low. */
const trickleRatio = 0.5
const trickleSeconds = 30
/** At least this many hosts must be active before and after, or it is not a silence of the line. */
const hostsMin = 3
/** At least this many connections must have been due, so that their absence is not chance. */
const dueMin = 20
/** Confidence required that the drop is not chance: see effect/chance.ts. */
const sureMin = 10
/**
 * Of what hosts begin, or came for them, each once in five seconds, this share may go on in a
 * silence whose bytes are not known.
 */
const spannedHostsRatio = 0.05
/** Lulls of this share of a silence's length in the same scene show that quiet is normal. */
const lullShare = 1 / 3
/** More cuts than this in a scene are the normal pattern of its hosts. */
const cutsMax = 4
const boundarySeconds = 30
/** Packets or new connections per second needed to determine the second of a change. */
const tellingMin = 0.7
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
  const passing = passingOf(scene)
  const quiet = quietRuns(scene, passing).map((run) =>
    quietOf(scene, run, { isSteady, passing, breaks }),
  )
  const found: Finding[] = []
  for (const each of quiet) {
    const { span, away } = each
    if (span.to - span.from < sensitivity.leastSeconds || isOfClock(scene, span, breaks)) continue
    if (away !== null) {
      if (wasAway(away)) found.push(asAway(scene, away))
    } else if (isUnusual(each, quiet, isSteady) && each.isCut())
      found.push(asSilence(passing, span))
  }
  for (const each of breaks) {
    const span = awaySpan(scene, each)
    const isInside = span.from >= 0 && span.to <= scene.grid.seconds
    const isSure = each.isOurs === true || (each.isRestart && each.to - each.from >= restartMsMin)
    const isFound = found.some((one) => isOverlapping(one, span))
    if (isSure && isInside && !isFound) found.push(asAway(scene, each))
  }
  return found.sort((a, b) => a.from - b.from)
}

function quietOf(
  scene: Scene,
  run: Run,
  given: { isSteady: boolean; passing: Passing; breaks: readonly ExporterBreak[] },
): Quiet {
  const span = boundaries(scene, run, given.passing.replies)
  const away = breakIn(scene, span, given.breaks)
  let known: boolean | null = away === null ? null : false
  return { run, span, away, isCut: () => (known ??= isCut(scene, span, given)) }
}

function asSilence(passing: Passing, span: Run): Finding {
  const facts = silentFacts(passing, span)
  return { ...asFinding('silence', span, facts), ...howItWas(passing, span) }
}

function asAway(scene: Scene, away: ExporterBreak): Finding {
  return {
    ...asFinding('exporter', awaySpan(scene, away), awayFacts(away)),
    ...(away.isOurs && { isOurs: true }),
    ...(away.isUnreadable && { isUnreadable: true }),
  }
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

/** Runs in which almost nothing begins or ends, between busy times. */
function quietRuns(scene: Scene, passing: Passing): Run[] {
  const { grid } = scene
  const { all, parts, sign } = passing
  const level = levelOf(sign)
  const isSteady = levelOf(scene.edges) >= steadyMin
  const now = smoothed(sign, smoothSeconds)
  const usualOf = (bytes: Float64Array) => percentile(smoothed(bytes, smoothSeconds), 0.5)
  const usual = usualOf(all)
  const usualOutside = parts ? usualOf(parts.fromOutside) : 0
  const isLittle = (t: number) =>
    all[t]! <= usual || (parts !== null && parts.fromOutside[t]! <= usualOutside)
  // A run that touches an end of the scene may just be where the received data ends.
  const isInside = ({ from, to }: Run) => from > 0 && to < grid.seconds
  const runsWhere = (holds: (t: number) => boolean) => {
    const runs: Run[] = []
    for (const run of runsOf(grid.seconds, gapSeconds, holds)) {
      const last = runs.at(-1)
      if (last && isSteady && isTrickle(sign, last, run, level)) last.to = run.to
      else runs.push(run)
    }
    return runs.filter(isInside)
  }
  // Who sends much more than before may have taken the line.
  const isFree = (run: Run) =>
    parts === null || mean(all, run.from, run.to) <= usual || isStopped(parts.rest, run, sentRatio)
  const holds = (t: number) => now[t]! <= edgesRatio * level && isLittle(t)
  const silent = runsWhere(holds).filter(isFree)
  if (!isSteady) return silent
  const spanned = runsWhere((t) => now[t]! <= spannedRatio * level || holds(t)).filter(
    (run) => isShort(run) && (isFree(run) || isSpanned(passing, run)),
  )
  const isWithin = (run: Run) => spanned.some(({ from, to }) => from <= run.from && run.to <= to)
  return [...silent.filter((run) => !isWithin(run)), ...spanned].sort((a, b) => a.from - b.from)
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
function isCut(
  scene: Scene,
  span: Run,
  { isSteady, passing }: { isSteady: boolean; passing: Passing },
): boolean {
  const { openings } = scene
  const length = span.to - span.from
  const before = { from: span.from - besideSeconds, to: span.from }
  const after = { from: span.to, to: span.to + besideSeconds }
  const rates = [before, after].map(({ from, to }) => mean(openings, from, to))
  if (!isSteady) rates.push(meanAround(openings, span))
  if (Math.min(...rates) * length < dueMin) return false
  const isLess = isStopped(passing.all, span) || isStoppedOutside(passing, span)
  if (!isLess && !isSpanned(passing, span)) return false
  // Few hosts may have most flows: if bytes do not show the cut, the hosts must.
  const most = isLess ? 1 : spannedHostsRatio
  if (!isDropCertain(scene, span, { beside: [before, after], most })) return false
  return hasHosts(scene, before) && hasHosts(scene, after)
}

/**
 * Whether the drop, to at most this share of what was due, cannot be chance: host activity comes in
 * bursts, with lulls in between.
 */
function isDropCertain(
  scene: Scene,
  span: Run,
  { beside, most }: { beside: readonly Run[]; most: number },
): boolean {
  const run = { from: span.from + 1, to: span.to - 1 }
  return signsOfLife(scene, () => true).some((counts) => {
    const usual = Math.min(...beside.map(({ from, to }) => mean(counts, from, to)))
    if (mean(counts, run.from, run.to) > most * usual) return false
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

function silentFacts({ sign, replies }: Passing, span: Run): string[] {
  const before = mean(sign, span.from - besideSeconds, span.from)
  const within = mean(sign, span.from, span.to)
  const which = sign === replies ? ' from outside' : ''
  return [
    `${Math.round(within * (span.to - span.from))} first or last packets of flows${which} were seen where ${Math.round(before * (span.to - span.from))} were due`,
    'the exporter’s own numbers went on: it was there and had nothing to report',
  ]
}
