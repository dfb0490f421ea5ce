/** The verdict on hosts that may have taken the line: whether all others were cut off, and by them. */
import { runsBeside, runsOnBothSides } from '../effect/beside.ts'
import { isFallCertain, wereCutBefore } from '../effect/certainty.ts'
import {
  connectionsKept,
  isBeyondChance,
  isBeyondChanceBeside,
  isCutOff,
  isDead,
  medianFall,
  othersWords,
  type Fall,
} from '../effect/fall.ts'
import { isLineUp } from '../effect/from-outside.ts'
import { Others } from '../effect/other-hosts.ts'
import type { Finding } from '../finding.ts'
import { mean, percentile, smoothed } from '../scene/rates.ts'
import { isApart, type Run } from '../scene/runs.ts'
import { directions, type HostDirection, type Scene } from '../scene/scene.ts'
import type { Sensitivity } from '../sensitivity.ts'
import { boundsOf, returnOf, type Bounds } from './bounds.ts'
import { actorsOfWhole } from './candidates-beside.ts'
import { actorsShare, type Candidate } from './candidates.ts'
import { newcomers, type Newcomers } from './newcomers.ts'

/** Records smear the others' traffic into an event: this much of it, at most half, is left out. */
const smearSeconds = 60
/** An event that is not over must be this clear. */
const openIdleMaxMs = 300_000
const openSecondsMin = 60
const openRatio = 0.25
/** Others that keep trying open at least this share of their connections. */
const triedRatio = 0.75
const busySeconds = 30
/** Lulls as deep and long may fill this share of the time around, or, with a fall beyond chance, be so many. */
const lullsShare = 0.01
const lullsMax = 3
/** The others' share is rounded to 1 in this: the last digits of sums depend on the order of reading. */
const keptParts = 1_000_000
/** If the others were cut off beyond doubt, the actors need only this much of the usual. */
const usualShareMin = 0.7
/** Of fewer new connections that were due, it is not told how many were opened. */
const openingsDueMin = 12

export interface JudgeOptions {
  sensitivity: Sensitivity
  events: readonly Run[]
}

/** Whether a candidate took the line: the congestion it caused, or null. */
export function judge(scene: Scene, candidate: Candidate, options: JudgeOptions): Finding | null {
  const suspicion = suspicionOf(scene, candidate, options)
  if (suspicion === null) return null
  const compared = compare(scene, suspicion)
  if (!isCut(scene, suspicion, { compared, ratio: options.sensitivity.othersRatio })) return null
  if (!isBecauseOf(scene, suspicion, compared)) return null
  const { busy, span } = suspicion
  const { actors, direction, steady = [] } = suspicion.candidate
  const given = { span, direction, events: options.events, steady, least: actorsShare }
  const named = newcomers(scene, busy, given)
  if (named.began.length === 0) return null
  const left = actors.filter((host) => !named.wentOn.includes(host))
  if (left.length === actors.length) return findingOf(scene, suspicion, { compared, named })
  // Those that are left must have done it by themselves.
  return judge(scene, { ...suspicion.candidate, actors: left, steady: named.wentOn }, options)
}

/** Hosts that may have taken the line, and when. */
interface Suspicion {
  candidate: Candidate
  actors: ReadonlySet<number>
  /** The actors, and hosts whose transfers go on as before. */
  busy: readonly number[]
  /** Bytes of the actors by second. */
  rate: Float64Array
  others: Others
  span: Bounds
  /** Times that show nothing usual to compare with. */
  events: readonly Run[]
}

/** The others in an event, compared with the times beside it. */
interface Comparison {
  /** The part of the event into which records from before do not reach. */
  core: Run
  /** Falls from what they had before, and to what they had after; empty where nothing is known. */
  before: readonly Fall[]
  after: readonly Fall[]
  fall: Fall
}

/** A candidate with its bounds, without hosts that have little of the whole event; null if it is too short. */
function suspicionOf(
  scene: Scene,
  candidate: Candidate,
  { sensitivity, events }: JudgeOptions,
): Suspicion | null {
  const { direction, steady = [] } = candidate
  const actors = new Set(candidate.actors)
  const busy = [...actors, ...steady]
  const rate = scene.seriesOf(actors, direction)
  const others = new Others(scene, new Set(busy), candidate)
  const span = boundsOf(scene, candidate, { actors, direction, others })
  if (span.to - span.from < sensitivity.leastSeconds) return null
  const main = actorsOfWhole(scene, candidate, span)
  if (main.length === 0) return null
  if (main.length < candidate.actors.length)
    return suspicionOf(scene, { ...candidate, actors: main }, { sensitivity, events })
  return { candidate, actors, busy, rate, others, span, events }
}

function compare(scene: Scene, { others, span, events }: Suspicion): Comparison {
  const core = withoutSmear(span, span.to - 1)
  const fallsFrom = (side: 'before' | 'after') =>
    runsBeside(scene, { span, events }, side).map((beside) => others.fall(core, beside))
  const [before, after] = [fallsFrom('before'), fallsFrom('after')]
  return { core, before, after, fall: medianFall([...before, ...after]) }
}

/** Whether the others were cut off, in comparison with both sides, or with the one that is known. */
function isCut(
  scene: Scene,
  { candidate, others, span }: Suspicion,
  { compared, ratio }: { compared: Comparison; ratio: number },
): boolean {
  const { before, after, fall } = compared
  const sides = [before, after].filter((falls) => falls.length > 0)
  if (sides.length === 0) return false
  if (!sides.every((falls) => isCutOff(medianFall(falls), ratio))) return false
  if (after.length === 0 && !isSureWhileOpen(scene, span, others)) return false
  return candidate.steady === undefined || isBeyondChanceBeside(fall)
}

/** Whether the actors are why: they had enough, began in time, and what the others lack is no lull. */
function isBecauseOf(scene: Scene, suspicion: Suspicion, { core, fall }: Comparison): boolean {
  const { actors, rate, others, span, events } = suspicion
  if (!isMuch(scene, suspicion, fall)) return false
  if (!isTaken(scene, suspicion)) return false
  const { share, times } = others.lulls(core, span, events)
  const isRare = share <= lullsShare || (isBeyondChance(fall) && times <= lullsMax)
  if (!isRare) return false
  // What began some time after the others fell is not why they did. Late, because it takes long.
  if (wereCutBefore(scene, actors, { span, events, rate })) return false
  return isFallCertain(scene, actors, { span, events, isLikely: times > 0 || span.isPart })
}

/** The finding, of those actors that began something. */
function findingOf(
  scene: Scene,
  { others, span }: Suspicion,
  { compared, named }: { compared: Comparison; named: Newcomers },
): Finding {
  const { core, before, after, fall } = compared
  const { began, wentOn, facts } = named
  const isOpenEnd = after.length === 0
  const to = isOpenEnd ? span.to : returnOf(others.openings, { span, core, times: scene.times })
  // Both directions may be about equal: report the one with more bytes over the whole event.
  const had = (each: HostDirection) => mean(scene.seriesOf(began, each), span.from, to)
  const way = had('out') > had('in') ? 'out' : 'in'
  return {
    kind: 'congestion',
    from: span.from,
    to,
    actors: began,
    direction: way,
    isOpenStart: before.length === 0,
    isOpenEnd,
    othersKept: Math.round(Math.min(fall.bytes, 1) * keptParts) / keptParts,
    ...(wentOn.length > 0 && { wentOn: wentOn.length }),
    facts: [
      tookWords(began.length, way, mean(scene.seriesOf(began, way), span.from, span.to)),
      `${othersWords(fall, scene)} kept ${percent(fall.bytes)} of the bytes that they had just ${besideWords(before, after)}`,
      ...openingsWords(fall),
      ...facts,
    ],
  }
}

/**
 * Whether the actors, with transfers that went on, had as much as all hosts in the busiest half
 * minutes beside the event.
 */
function isMuch(scene: Scene, { candidate, busy, span, events }: Suspicion, fall: Fall): boolean {
  const { direction } = candidate
  const total = smoothed(scene.total[direction], busySeconds)
  const beside = total.filter((_, t) => isApart(t, busySeconds, [span, ...events]))
  const usual = mean(beside, 0, beside.length)
  const own = mean(scene.seriesOf(busy, direction), span.from, span.to)
  if (own >= Math.max(percentile(beside, 0.9), usual)) return true
  return isDead(fall) && own >= usualShareMin * usual
}

/**
 * Whether the line was up. If nothing came from outside, hosts that keep sending did not take it, unless they sent as
 * much as it carries in any direction.
 */
function isTaken(scene: Scene, { actors, rate, span, events }: Suspicion): boolean {
  const beside = runsOnBothSides(scene, { span, events })
  if (isLineUp(scene, span, { actors, beside })) return true
  const carried = directions.map((direction) =>
    Math.max(...beside.map(({ from, to }) => mean(scene.total[direction], from, to))),
  )
  return mean(rate, span.from, span.to) >= Math.max(...carried)
}

/**
 * An ongoing event is reported only if records arrive soon, and only up to the time for which all
 * have arrived: long records of the others that are still missing would look like a drop.
 */
function isSureWhileOpen(scene: Scene, span: Run, others: Others): boolean {
  const { idleMs } = scene.connections
  const to = Math.min(span.to - 1, scene.grid.seconds - idleMs / 1000)
  const length = to - span.from
  if (idleMs > openIdleMaxMs || length < openSecondsMin) return false
  const core = withoutSmear({ from: span.from, to }, to)
  const falls = runsBeside(scene, { span, events: [] }, 'before').map((beside) =>
    others.fall(core, beside),
  )
  const fall = medianFall(falls)
  // Whoever is cut off may keep trying, and nothing comes back; of those who have left, only what
  // never had an answer goes on.
  const kept = fall.openings >= triedRatio ? connectionsKept(fall) : fall.openings
  return fall.bytes <= openRatio && kept <= openRatio
}

/** An event up to `to`, without the part of its length into which records from before reach. */
function withoutSmear(event: Run, to: number): Run {
  const length = event.to - event.from
  return { from: event.from + Math.floor(Math.min(smearSeconds, length / 2)), to }
}

/** The sides with which an event was compared; at least one. */
function besideWords(before: readonly Fall[], after: readonly Fall[]): string {
  if (before.length === 0) return 'after'
  return after.length === 0 ? 'before' : 'before and after'
}

function tookWords(actors: number, direction: HostDirection, rate: number): string {
  const who = actors === 1 ? 'the host' : `the ${actors} hosts together`
  const verb = direction === 'in' ? 'received' : 'sent'
  return `${who} ${verb} ${((rate * 8) / 1e6).toPrecision(3)} Mb/s on average`
}

/** What the others opened, if so much was due that it says something. */
function openingsWords({ openings, due }: Fall): string[] {
  if (due < openingsDueMin) return []
  return [`they opened ${percent(openings)} of the connections that were due (${Math.round(due)})`]
}

function percent(share: number): string {
  return `${Math.round(Math.min(share, 9.99) * 100)} %`
}
