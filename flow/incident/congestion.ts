/**
 * Congestion: one or a few hosts carry most of the traffic, as much as everybody did before, and
 * the traffic of all others drops meanwhile. It starts with the actors' onset: the others' drop is
 * only evidence, because their records that extend into the event smear it.
 */
import { boundsOf, returnOf } from './bounds.ts'
import { besides, isSure, middle, wereCutBefore } from './besides.ts'
import type { Finding } from './finding.ts'
import { newcomers } from './newcomers.ts'
import { isBeyondChance, isCutOff, isDead, Others, othersWords, type Fall } from './others.ts'
import { isLineUp } from './line.ts'
import { isApart, mean, percentile, runsOf, smoothed, type Run } from './rates.ts'
import { directions, type HostDirection, type Scene } from './scene.ts'
import type { Sensitivity } from './sensitivity.ts'

/** Together the actors carry at least this share of a direction's bytes, second by second. */
const actorsShare = 0.6
/** Each actor carries at least this share. */
const actorShare = 0.15
/** And at least this many times that host's usual rate. */
const elevatedTimes = 2.5
/** A host's usual rate is exceeded in all but this share of seconds: a long event fills most of a scene. */
const ownShare = 0.1
/** The usual rate of all hosts is exceeded in all but this share of seconds, or is half of the greatest. */
const usualShare = 0.25
const smoothSeconds = 5
const gapSeconds = 5
/** The greatest rate of all hosts is measured over this long, and exceeded in this share of seconds. */
const greatSeconds = 30
const greatShare = 0.01
/** Records smear the others' traffic into an event: this much of it, at most half, is left out. */
const smearSeconds = 60
/** An event that is not over must be this clear. */
const openIdleMaxMs = 300_000
const openSecondsMin = 60
const openRatio = 0.25
const busySeconds = 30
/** Lulls as deep and long may fill this share of the time around, or, with a fall beyond chance, be so many. */
const lullsShare = 0.01
/** The others' share is rounded to 1 in this: the last digits of sums depend on the order of reading. */
const keptParts = 1_000_000
const lullsMax = 3
/** If the others were cut off beyond doubt, the actors need only this much of the usual. */
const usualShareMin = 0.7

/**
 * The congestions of a scene, in time order. The usual level is taken from the time around each
 * event without other events: `silences`, and those found here.
 */
export function findCongestions(
  scene: Scene,
  { sensitivity, silences }: { sensitivity: Sensitivity; silences: readonly Run[] },
): Finding[] {
  const candidates = directions.flatMap((direction) => candidatesOf(scene, direction))
  let open = mergeDirections(candidates).filter(
    ({ from, to }) => to - from >= sensitivity.leastSeconds,
  )
  const found: Finding[] = []
  for (let isMore = true; isMore;) {
    const events = [...silences, ...found]
    const judged = open.map((candidate) => judge(scene, candidate, { sensitivity, events }))
    open = open.filter((_, i) => judged[i] === null)
    const more = judged.filter((finding) => finding !== null)
    found.push(...more)
    isMore = more.length > 0 && open.length > 0
  }
  return found.sort((a, b) => a.from - b.from)
}

interface Candidate extends Run {
  direction: HostDirection
  actors: number[]
  bytes: number
}

/** Runs in which few hosts carry most of the traffic, with these hosts. */
function candidatesOf(scene: Scene, direction: HostDirection): Candidate[] {
  const total = smoothed(scene.total[direction], smoothSeconds)
  const great = percentile(smoothed(scene.total[direction], greatSeconds), 1 - greatShare)
  const usual = Math.min(percentile(total, usualShare), great / 2)
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

/** Every transfer has acknowledgements the other way: of overlapping runs, keep the one with more bytes. */
function mergeDirections(candidates: readonly Candidate[]): Candidate[] {
  const kept: Candidate[] = []
  for (const candidate of [...candidates].sort((a, b) => b.bytes - a.bytes))
    if (!kept.some((each) => each.from < candidate.to && candidate.from < each.to))
      kept.push(candidate)
  return kept.sort((a, b) => a.from - b.from)
}

function judge(
  scene: Scene,
  candidate: Candidate,
  { sensitivity, events }: { sensitivity: Sensitivity; events: readonly Run[] },
): Finding | null {
  const { direction } = candidate
  const actors = new Set(candidate.actors)
  const rate = scene.seriesOf(actors, direction)
  const others = new Others(scene, actors)
  const span = boundsOf(scene, candidate, { actors, direction, others: others.openings })
  if (span.to - span.from < sensitivity.leastSeconds) return null
  const length = span.to - span.from
  const core = { from: span.from + Math.floor(Math.min(smearSeconds, length / 2)), to: span.to - 1 }
  const compare = (side: 'before' | 'after') =>
    besides(scene, { span, events }, side).map((beside) => others.fall(core, beside))
  const [before, after] = [compare('before'), compare('after')]
  if (before.length === 0 && after.length === 0) return null
  // What began some time after the others fell is not why they did.
  if (wereCutBefore(scene, actors, { span, events, rate })) return null
  const fell = (falls: Fall[]) =>
    falls.length === 0 || isCutOff(middle(falls), sensitivity.othersRatio)
  if (!fell(before) || !fell(after)) return null
  if (after.length === 0 && !isSureWhileOpen(scene, span, others)) return null
  const fall = middle([...before, ...after])
  if (!isMuch(scene, rate, { span, direction, fall, events })) return null
  if (!isTaken(scene, actors, { span, rate, events })) return null
  const { share, times } = others.lulls(core, span, events)
  const isRare = share <= lullsShare || (isBeyondChance(fall) && times <= lullsMax)
  if (!isRare) return null
  if (!isSure(scene, actors, { span, events, times })) return null
  const isOpenEnd = after.length === 0
  const to = isOpenEnd ? span.to : returnOf(others.openings, { span, core, times: scene.times })
  const { began, wentOn } = newcomers(scene, candidate.actors, { span, direction, events, least: actorsShare }) // prettier-ignore
  // Both directions may be about equal: report the one with more bytes over the whole event.
  const had = (way: HostDirection) => mean(scene.seriesOf(began, way), span.from, to)
  const main = had('out') > had('in') ? 'out' : 'in'
  return {
    kind: 'congestion',
    from: span.from,
    to,
    actors: began,
    direction: main,
    isOpenStart: before.length === 0,
    isOpenEnd,
    othersKept: Math.round(Math.min(fall.bytes, 1) * keptParts) / keptParts,
    facts: [
      ...factsOf(
        scene.seriesOf(began, main),
        { ...span, direction: main, actors: began.length },
        { ...fall, others: othersWords(fall, scene), beside: besideWords(before, after) },
      ),
      ...wentOn.map(() => 'another host had much, but no more than just before: it is not named'),
    ],
  }
}

interface Much {
  span: Run
  direction: HostDirection
  fall: Fall
  events: readonly Run[]
}

/** Whether the actors alone had as much as all hosts in the busiest half minutes beside the event. */
function isMuch(
  scene: Scene,
  rate: Float64Array,
  { span, direction, fall, events }: Much,
): boolean {
  const total = smoothed(scene.total[direction], busySeconds)
  const beside = total.filter((_, t) => isApart(t, busySeconds, [span, ...events]))
  const usual = mean(beside, 0, beside.length)
  const own = mean(rate, span.from, span.to)
  if (own >= Math.max(percentile(beside, 0.9), usual)) return true
  return isDead(fall) && own >= usualShareMin * usual
}

/**
 * Whether the line was up. If nothing came from outside, hosts that keep sending did not take it, unless they sent as
 * much as it carries in any direction.
 */
function isTaken(
  scene: Scene,
  actors: ReadonlySet<number>,
  { span, rate, events }: { span: Run; rate: Float64Array; events: readonly Run[] },
): boolean {
  const beside = (['before', 'after'] as const).flatMap((side) =>
    besides(scene, { span, events }, side),
  )
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
  const core = { from: span.from + Math.floor(Math.min(smearSeconds, length / 2)), to }
  const falls = besides(scene, { span, events: [] }, 'before').map((beside) =>
    others.fall(core, beside),
  )
  const { bytes, openings } = middle(falls)
  return bytes <= openRatio && openings <= openRatio
}

/** The sides with which an event was compared; at least one. */
function besideWords(before: readonly Fall[], after: readonly Fall[]): string {
  if (before.length === 0) return 'after'
  return after.length === 0 ? 'before' : 'before and after'
}

function factsOf(
  rate: Float64Array,
  { from, to, direction, actors }: Run & { direction: HostDirection; actors: number },
  fall: Fall & { others: string; beside: string },
): string[] {
  const percent = (share: number) => `${Math.round(Math.min(share, 9.99) * 100)} %`
  const megabits = ((mean(rate, from, to) * 8) / 1e6).toPrecision(3)
  const verb = direction === 'in' ? 'received' : 'sent'
  const facts = [
    `${actors === 1 ? 'the host' : `the ${actors} hosts together`} ${verb} ${megabits} Mb/s on average`,
    `${fall.others} kept ${percent(fall.bytes)} of the bytes that they had just ${fall.beside}`,
  ]
  if (fall.due >= 12)
    facts.push(
      `they opened ${percent(fall.openings)} of the connections that were due (${Math.round(fall.due)})`,
    )
  return facts
}
