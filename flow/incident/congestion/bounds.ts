/**
 * The first and last second of a congestion. It starts with the first of the connections that make
 * up the event, if these can be distinguished from the actors' other traffic; otherwise it is where
 * the actors' rate rises above, and returns to, its level beside the event.
 */
import { changeOf, mean, percentile, smoothed } from '../scene/rates.ts'
import type { Run } from '../scene/runs.ts'
import type { HostDirection, Scene } from '../scene/scene.ts'

/** The actors have started once their rate is this share of its plateau. */
const onsetShare = 0.01
/** Higher if their rate has bursts at other times, but never above this share. */
const onsetMax = 0.1
/** Seconds this close to an event do not count as beside it. */
const nearSeconds = 10
const besideSeconds = 180
/** The first connection of an event may precede the visible rise of the actors' rate by this long. */
const slowSeconds = 60
/** The connections that start with an event and make it up carry at least this share of its bytes. */
const carriedShare = 0.5
/** The main connections: the largest up to this share of the bytes, and any with a quarter of their average. */
const mainShare = 0.8
const mainPart = 0.25
/** With sampled connections, at least this many must be seen, or the first may be missing. */
const sampledMin = 8
/** At other times, connections as large as those of an event are opened at this rate per second. */
const strayRate = 1 / 60
/**
 * The others are quiet at this share of their usual rate, with at least this many openings missing.
 */
const quietShare = 0.1
const quietMin = 12
/** The others' return is searched for this far around the actors' end. */
const returnSeconds = 15
const laterSeconds = 60
/** The others' return can be determined only if at least this many of their connections follow the event. */
const laterMin = 12

/** From the actors' onset to their end. `others`: connections of all other hosts, by second. */
export function boundsOf(
  scene: Scene,
  run: Run,
  given: { actors: ReadonlySet<number>; direction: HostDirection; others: Float64Array },
): Run {
  const { actors, direction, others } = given
  const rate = scene.seriesOf(actors, direction)
  const span = spanOf(rate, run)
  const main = mainConnections(scene, actors, {
    span,
    bytes: mean(rate, span.from, span.to) * (span.to - span.from),
  })
  if (scene.times > 1 && (main?.length ?? 0) < sampledMin) return span
  if (main === null) return byOthers(span, others)
  const { first, last } = scene.connections
  const from = onsetOf(
    main.map((i) => scene.place(first[i]!)),
    { from: span.from, to: Math.max(span.from, run.from) },
    Math.floor((span.from + span.to) / 2),
  )
  const ended = Math.floor(main.reduce((most, i) => Math.max(most, scene.place(last[i]!)), 0)) + 1
  const to = ended <= span.to ? ended : lastedOf(span, ended, others)
  return { from, to: Math.max(from + 1, to) }
}

/** The end of connections that continue at a lower rate: part of the event while the others are quiet. */
function lastedOf(span: Run, ended: number, others: Float64Array): number {
  const to = Math.min(others.length, ended + slowSeconds)
  const quiet = quietOf(others, { from: Math.max(0, span.from - slowSeconds), to })
  const isThen = quiet !== null && quiet.from < span.to && quiet.to >= span.to
  if (!isThen || ended < quiet.to - returnSeconds) return span.to
  return Math.min(ended, quiet.to)
}

/**
 * Records of a connection opened long before can extend beyond an event, so the actors' rate is
 * smeared: the others' quiet time then gives better bounds.
 */
function byOthers(span: Run, others: Float64Array): Run {
  const quiet = quietOf(others, {
    from: Math.max(0, span.from - slowSeconds),
    to: Math.min(others.length, span.to + slowSeconds),
  })
  return quiet ?? span
}

/** The seconds of a range in which hardly anything was opened, by maximum likelihood; null if none stand out. */
function quietOf(openings: Float64Array, { from, to }: Run): Run | null {
  const beside = [
    mean(openings, from - besideSeconds, from),
    mean(openings, to, to + besideSeconds),
  ]
  const usual = Math.min(...beside)
  const within = Math.max(1e-3, quietShare * usual)
  const [step, slope] = [Math.log(within / usual), within - usual]
  let best: Run | null = null
  let [bestScore, score, start] = [quietMin, 0, from]
  for (let t = from; t < to; t++) {
    score += openings[t]! * step - slope
    if (score <= 0) [score, start] = [0, t + 1]
    if (score > bestScore) [bestScore, best] = [score, { from: start, to: t + 1 }]
  }
  return best
}

/** Where the actors' rate rises above, and returns to, its level beside the run. */
function spanOf(rate: Float64Array, run: Run): Run {
  const plateau = plateauOf(rate.subarray(run.from, run.to))
  let from = run.from
  while (from < run.to && rate[from]! < plateau / 2) from++
  let to = run.to
  while (to > from + 1 && rate[to - 1]! < plateau / 2) to--
  const before = { from: from - besideSeconds, to: from - nearSeconds }
  // What had begun with it may end one by one; its connections say how far that goes.
  const after = { from: run.to + nearSeconds, to: run.to + besideSeconds }
  const [begun, ended] = [before, after].map((beside) => leftBehind(rate, beside, plateau))
  while (from > 0 && rate[from - 1]! > begun!) from--
  while (to < rate.length && rate[to]! > ended!) to++
  return { from, to }
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

/** The rate above which the actors are active: their rate beside the event without bursts, plus a margin. */
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
  const counts = new Float64Array(end - start)
  for (const t of near) counts[t - start]!++
  const rate = percentile(smoothed(counts, nearSeconds), 1)
  if (near.length === 1 || rate <= strayRate) return Math.max(0, Math.min(...near))
  const search = { from: 0, to: counts.length }
  return Math.max(0, start + changeOf(counts, search, { before: strayRate, after: rate }))
}

/**
 * When the event was over: when the others opened connections again, if that can be determined and
 * is near the actors' end; never before the actors' last byte.
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
