/**
 * The first and last second of a congestion. It starts with the first of the connections that make
 * up the event, if these can be distinguished from the actors' other traffic; otherwise it is where
 * the actors' rate rises above, and returns to, its level beside the event. If the others show when
 * they were cut off, that tells which of the actors' traffic it is.
 */
import type { Others } from '../effect/other-hosts.ts'
import { changeOf, mean, percentile, smoothed } from '../scene/rates.ts'
import { isOverlapping, type Run } from '../scene/runs.ts'
import type { HostDirection, Scene } from '../scene/scene.ts'
import { quietOf, type Quiet } from './quiet.ts'

/** The actors have started once their rate is this share of its plateau. */
const onsetShare = 0.01
/** Higher if their rate has bursts at other times, but never above this share. */
const onsetMax = 0.1
/** Seconds this close to an event do not count as beside it. */
const nearSeconds = 10
const besideSeconds = 180
/**
 * The first connection of an event may precede the visible rise of the actors' rate by this long.
 */
const slowSeconds = 60
/**
 * The connections that start with an event and make it up carry at least this share of its bytes.
 */
const carriedShare = 0.5
/**
 * The main connections: the largest up to this share of the bytes, and any with a quarter of their
 * average.
 */
const mainShare = 0.8
const mainPart = 0.25
/** With sampled connections, at least this many must be seen, or the first may be missing. */
const sampledMin = 8
/** Who did it has at least this share of its plateau while the others are quiet. */
const quietCarriedShare = 0.25
/** At other times, connections as large as those of an event are opened at this rate per second. */
const strayRate = 1 / 60
/** What has this share of its plateau cuts the others off within so long. */
const fullShare = 0.75
const soonSeconds = 15
/** The others' return is searched for this far around the actors' end. */
const returnSeconds = 15
const laterSeconds = 60
/**
 * The others' return can be determined only if at least this many of their connections follow the
 * event.
 */
const laterMin = 12

export interface Bounds extends Run {
  /** It is a part of what the actors had, the one in which the others were quiet. */
  isPart: boolean
}

interface Actors {
  hosts: ReadonlySet<number>
  /** Their bytes by second. */
  rate: Float64Array
}

/**
 * From the actors' onset to their end. If the others were quiet in their run, only what the actors
 * had meanwhile is the event: it may be a part of the run, or more than its fastest part.
 */
export function boundsOf(
  scene: Scene,
  run: Run,
  given: {
    actors: ReadonlySet<number>
    direction: HostDirection
    others: Pick<Others, 'openings' | 'answers'>
  },
): Bounds {
  const actors = { hosts: given.actors, rate: scene.seriesOf(given.actors, given.direction) }
  const byRate = boundsWithin(scene, actors, { core: steepOf(actors.rate, run), after: run.to })
  const active = { from: run.from, to: Math.max(run.to, byRate.ended) }
  const quiet = quietOf(given.others, {
    from: Math.max(0, Math.min(run.from, byRate.from) - slowSeconds),
    to: Math.min(scene.grid.seconds, active.to + slowSeconds),
  })
  const whole = { ...byRate, isPart: false }
  if (quiet === null || !isOverlapping(quiet, run)) return whole
  // Records of a connection opened long before reach beyond an event: the rate does not show it.
  if (byRate.isOlder) return { ...quiet, isPart: false }
  // Who had little while the others were quiet did not do it, nor who had as much for long before.
  const carried = mean(actors.rate, quiet.from, quiet.to)
  if (carried < quietCarriedShare * plateauOf(actors.rate.subarray(run.from, run.to))) return whole
  const core = { from: Math.max(active.from, quiet.from), to: Math.min(active.to, quiet.to) }
  const bounds = boundsWithin(scene, actors, { core, after: core.to, quiet })
  if (bounds.wasOn) return whole
  const isPart = bounds.from > byRate.from + soonSeconds || bounds.to < byRate.to - soonSeconds
  return { ...bounds, isPart }
}

/** A run without what comes before and after it reaches half of its plateau. */
function steepOf(rate: Float64Array, run: Run): Run {
  const plateau = plateauOf(rate.subarray(run.from, run.to))
  let { from, to } = run
  while (from < run.to && rate[from]! < plateau / 2) from++
  while (to > from + 1 && rate[to - 1]! < plateau / 2) to--
  return { from, to }
}

/**
 * Where the event lies for certain (`core`), from when on the rate is that beside its end
 * (`after`), and when the others were quiet.
 */
interface Within {
  core: Run
  after: number
  quiet?: Quiet
}

/**
 * From the first of the connections that carry it to their end (`ended`), or until the rate is that
 * beside it; `isOlder`: connections opened earlier carry as much; `wasOn`: see spanOf.
 */
function boundsWithin(
  scene: Scene,
  actors: Actors,
  within: Within,
): Run & { ended: number; isOlder: boolean; wasOn: boolean } {
  const { hosts, rate } = actors
  const { earliest, wasOn, ...span } = spanOf(actors, within)
  const main = mainConnections(scene, hosts, {
    span,
    bytes: mean(rate, span.from, span.to) * (span.to - span.from),
  })
  if (main === null || (scene.times > 1 && main.length < sampledMin))
    return { ...span, ended: span.to, isOlder: main === null, wasOn }
  const { first, last } = scene.connections
  const onset = onsetOf(
    main.map((i) => scene.place(first[i]!)),
    { from: span.from, to: Math.max(span.from, within.core.from) },
    Math.floor((span.from + span.to) / 2),
  )
  const from = Math.max(onset, earliest)
  const ended = Math.floor(main.reduce((most, i) => Math.max(most, scene.place(last[i]!)), 0)) + 1
  return { from, to: Math.max(from + 1, Math.min(ended, span.to)), ended, isOlder: false, wasOn }
}

/**
 * Where the actors' rate rises above, and returns to, its level beside `core`. Before the others
 * were quiet it can only have begun slowly, at `earliest`: what the actors had at full rate did no
 * harm. Once the others are back, it is over. `wasOn`: a single host had its full rate even earlier.
 */
function spanOf(
  { hosts, rate }: Actors,
  { core, after, quiet }: Within,
): Run & { earliest: number; wasOn: boolean } {
  const plateau = plateauOf(rate.subarray(core.from, core.to))
  const [begun, ended] = [
    { from: core.from - besideSeconds, to: core.from - nearSeconds },
    { from: after + nearSeconds, to: after + besideSeconds },
  ].map((beside) => leftBehind(rate, beside, plateau))
  const full = quiet ? Math.max(0, Math.min(core.from, quiet.earliest - soonSeconds)) : 0
  let earliest = full
  // Spread over a long record, a slow beginning looks full. Who stops in the quiet did not begin
  // it, and of several, one may have.
  const during = quiet ?? core
  const isSmeared = hosts.size === 1 && mean(rate, during.from, during.to) >= fullShare * plateau
  const isSlow = (t: number) => isSmeared || rate[t]! < fullShare * plateau
  while (earliest > Math.max(0, full - slowSeconds) && isSlow(earliest - 1)) earliest--
  const wasOn =
    quiet !== undefined && hosts.size === 1 && (rate[earliest - 1] ?? 0) >= fullShare * plateau
  const latest = quiet ? Math.max(core.to, quiet.latest + nearSeconds / 2) : rate.length
  let { from, to } = core
  while (from < core.to - 1 && rate[from]! <= begun!) from++
  while (from > earliest && rate[from - 1]! > begun!) from--
  while (to < latest && rate[to]! > ended!) to++
  return { from, to: quiet && to === latest ? core.to : to, earliest, wasOn }
}

/**
 * The rate at which half of the bytes had passed, were the seconds in order of their rate: a run
 * may have begun with less.
 */
function plateauOf(rates: Float64Array): number {
  const sorted = rates.toSorted()
  const half = sorted.reduce((sum, rate) => sum + rate, 0) / 2
  let sum = 0
  return sorted.find((rate) => (sum += rate) >= half) ?? 0
}

/**
 * The rate above which the actors are active: their rate beside the event without bursts, plus a
 * margin.
 */
function leftBehind(rate: Float64Array, { from, to }: Run, plateau: number): number {
  const beside = rate.subarray(Math.max(0, from), Math.max(0, to))
  const base = percentile(beside, 0.5) + onsetShare * plateau
  return Math.max(base, Math.min(percentile(beside, 1), onsetMax * plateau))
}

/**
 * The large connections among those that started with the event. Null if connections opened earlier
 * carry as much.
 */
function mainConnections(
  scene: Scene,
  actors: ReadonlySet<number>,
  { span, bytes }: { span: Run; bytes: number },
): number[] | null {
  const { connections, times } = scene
  const { opener, peer } = connections
  const own: number[] = []
  for (let i = 0; i < connections.count; i++) {
    const t = scene.place(connections.first[i]!)
    if (t < span.from - slowSeconds || t >= span.to) continue
    if (actors.has(opener[i]!) || actors.has(peer[i]!)) own.push(i)
  }
  own.sort((a, b) => connections.bytes[b]! - connections.bytes[a]!)
  const carried = own.reduce((sum, i) => sum + connections.bytes[i]!, 0)
  if (carried * times < carriedShare * bytes) return null
  let [sum, count] = [0, 0]
  while (count < own.length && sum < mainShare * carried) sum += connections.bytes[own[count++]!]!
  return own.filter((i) => connections.bytes[i]! >= (mainPart * sum) / count)
}

/**
 * The second in which the first of an event's connections was opened, ignoring strays long before.
 * The actors' rate rises within `rise`. If no such connection begins there, those before the
 * `middle` of the event count.
 */
function onsetOf(opened: readonly number[], rise: Run, middle: number): number {
  const start = rise.from - slowSeconds
  const risen = rise.to + nearSeconds / 2
  const end = opened.some((t) => t >= start && t < risen) ? risen : middle
  const near = opened.map(Math.floor).filter((t) => t >= start && t < end)
  if (near.length === 0) return rise.from
  const counts = new Float64Array(Math.max(...near) + 1 - start)
  for (const t of near) counts[t - start]!++
  const rate = percentile(smoothed(counts, nearSeconds), 1)
  if (near.length === 1 || rate <= strayRate) return Math.max(0, Math.min(...near))
  const search = { from: 0, to: counts.length }
  return Math.max(0, start + changeOf(counts, search, { before: strayRate, after: rate }))
}

/**
 * When the event was over: when the others opened connections again, if that can be determined and
 * is near the actors' end; never before that.
 */
export function returnOf(
  openings: Float64Array,
  { span, core, times }: { span: Run; core: Run; times: number },
): number {
  const within = mean(openings, core.from, core.to)
  const later = mean(openings, span.to + 5, span.to + 5 + laterSeconds)
  if (later * laterSeconds < laterMin * times || later <= 2 * within) return span.to
  const search = { from: span.to - returnSeconds, to: span.to + returnSeconds }
  const back = changeOf(openings, search, { before: within, after: later })
  return Math.max(span.to, back)
}
