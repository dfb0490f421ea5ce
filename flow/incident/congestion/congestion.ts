/**
 * Congestion: one or a few hosts carry most of the traffic, as much as everybody did before, and
 * the traffic of all others drops meanwhile. It starts with the actors' onset: the others' drop is
 * only evidence, because their records that extend into the event smear it.
 */
import { runsBeside, runsOnBothSides } from '../effect/beside.ts'
import { isFallCertain, wereCutBefore } from '../effect/certainty.ts'
import {
  medianFall,
  isBeyondChance,
  isBeyondChanceBeside,
  isCutOff,
  isDead,
  othersWords,
  type Fall,
} from '../effect/fall.ts'
import { isLineUp } from '../effect/from-outside.ts'
import { Others } from '../effect/other-hosts.ts'
import type { Finding } from '../finding.ts'
import { isApart, mean, percentile, smoothed, type Run } from '../scene/rates.ts'
import { directions, type HostDirection, type Scene } from '../scene/scene.ts'
import type { Sensitivity } from '../sensitivity.ts'
import { boundsOf, returnOf } from './bounds.ts'
import { actorsOfWhole, candidatesBeside } from './candidates-beside.ts'
import {
  actorsShare,
  candidatesByPeer,
  candidatesOf,
  mergeDirections,
  type Candidate,
} from './candidates.ts'
import { newcomers } from './newcomers.ts'

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
  const among = (candidatesIn: typeof candidatesOf, found: readonly Finding[]) => {
    const candidates = mergeDirections(
      scene,
      directions.flatMap((way) => candidatesIn(scene, way)),
    )
    const isFound = (each: Run) => found.some(({ from, to }) => from < each.to && each.from < to)
    const open = candidates.filter((each) => !isFound(each))
    return findAmong(scene, open, { sensitivity, events: [...silences, ...found] })
  }
  const found: Finding[] = []
  for (const candidatesIn of [candidatesOf, candidatesByPeer, candidatesBeside])
    found.push(...among(candidatesIn, found))
  return found.sort((a, b) => a.from - b.from)
}

/** The congestions among candidates; each one found is an event that the others are judged without. */
function findAmong(
  scene: Scene,
  candidates: readonly Candidate[],
  { sensitivity, events }: { sensitivity: Sensitivity; events: readonly Run[] },
): Finding[] {
  let open = candidates.filter(({ from, to }) => to - from >= sensitivity.leastSeconds)
  const found: Finding[] = []
  for (let isMore = true; isMore;) {
    const all = [...events, ...found]
    const judged = open.map((candidate) => judge(scene, candidate, { sensitivity, events: all }))
    open = open.filter((_, i) => judged[i] === null)
    const more = judged.filter((finding) => finding !== null)
    found.push(...more)
    isMore = more.length > 0 && open.length > 0
  }
  return found
}

function judge(
  scene: Scene,
  candidate: Candidate,
  { sensitivity, events }: { sensitivity: Sensitivity; events: readonly Run[] },
): Finding | null {
  const { direction, steady = [] } = candidate
  const actors = new Set(candidate.actors)
  const all = [...actors, ...steady]
  const rate = scene.seriesOf(actors, direction)
  const others = new Others(scene, new Set(all), candidate)
  const span = boundsOf(scene, candidate, { actors, direction, others: others.openings })
  if (span.to - span.from < sensitivity.leastSeconds) return null
  const main = steady.length > 0 ? actorsOfWhole(scene, candidate, span) : candidate.actors
  if (main.length < candidate.actors.length)
    return main.length === 0
      ? null
      : judge(scene, { ...candidate, actors: main }, { sensitivity, events })
  const length = span.to - span.from
  const core = { from: span.from + Math.floor(Math.min(smearSeconds, length / 2)), to: span.to - 1 }
  const compare = (side: 'before' | 'after') =>
    runsBeside(scene, { span, events }, side).map((beside) => others.fall(core, beside))
  const [before, after] = [compare('before'), compare('after')]
  if (before.length === 0 && after.length === 0) return null
  const fell = (falls: Fall[]) =>
    falls.length === 0 || isCutOff(medianFall(falls), sensitivity.othersRatio)
  if (!fell(before) || !fell(after)) return null
  if (after.length === 0 && !isSureWhileOpen(scene, span, others)) return null
  const fall = medianFall([...before, ...after])
  if (steady.length > 0 && !isBeyondChanceBeside(fall)) return null
  const filling = scene.seriesOf(all, direction)
  if (!isMuch(scene, filling, { span, direction, fall, events })) return null
  if (!isTaken(scene, actors, { span, rate, events })) return null
  const { share, times } = others.lulls(core, span, events)
  const isRare = share <= lullsShare || (isBeyondChance(fall) && times <= lullsMax)
  if (!isRare) return null
  // What began some time after the others fell is not why they did. Late, because it takes long.
  if (wereCutBefore(scene, actors, { span, events, rate })) return null
  if (!isFallCertain(scene, actors, { span, events, times })) return null
  const isOpenEnd = after.length === 0
  const to = isOpenEnd ? span.to : returnOf(others.openings, { span, core, times: scene.times })
  const { began, wentOn, facts: beside } = newcomers(scene, all, { span, direction, events, steady, least: actorsShare }) // prettier-ignore
  if (began.length === 0) return null
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
    ...(wentOn > 0 && { wentOn }),
    facts: [
      ...factsOf(
        scene.seriesOf(began, way),
        { ...span, direction: way, actors: began.length },
        { ...fall, others: othersWords(fall, scene), beside: besideWords(before, after) },
      ),
      ...beside,
    ],
  }
}

interface Much {
  span: Run
  direction: HostDirection
  fall: Fall
  events: readonly Run[]
}

/** Whether the actors, with transfers that went on, had as much as all hosts in the busiest half minutes beside the event. */
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
  const core = { from: span.from + Math.floor(Math.min(smearSeconds, length / 2)), to }
  const falls = runsBeside(scene, { span, events: [] }, 'before').map((beside) =>
    others.fall(core, beside),
  )
  const { bytes, openings } = medianFall(falls)
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
