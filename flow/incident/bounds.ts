/**
 * The first and the last second of a congestion: from the first of the connections that make up what the
 * actors did, where these can be told from what else they do; else from where their rate leaves what it
 * is beside.
 */
import { changeOf, mean, percentile, smoothed, type Run } from './rates.ts'
import type { HostDirection, Scene } from './scene.ts'

/** Where the actors' rate is this share of its plateau, they have begun. */
const onsetShare = 0.01
/** Or more, where what they do at other times has bursts; never beyond this share. */
const onsetMost = 0.1
/** So near to an event is not beside it. */
const nearSeconds = 10
const besideSeconds = 180
/** The first connection of an event may come so long before the actors' rate is seen to rise. */
const slowSeconds = 60
/** Connections that begin with an event and make it up carry at least this share of its bytes. */
const carriedShare = 0.5
/** What makes it up: the greatest connections, to this share of all; and those with a part of what these have each. */
const mainShare = 0.8
const mainPart = 0.25
/** Of connections of which a part is looked at so many must be seen, or the first may be missing. */
const sampledLeast = 8
/** Connections as great as those of an event are opened at other times so often, a second. */
const strayRate = 1 / 60
/** The others are quiet where they open this share of what they do beside; by at least so many connections that were due. */
const quietShare = 0.1
const quietLeast = 12
/** The others' return is looked for so far around the actors' end. */
const returnSeconds = 15
const laterSeconds = 60
/** New connections of others that must come after an event, or their return cannot be told. */
const laterLeast = 12

/** From the onset of the actors to their end. `others`: connections of everybody else, by second. */
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
  if (scene.times > 1 && (main?.length ?? 0) < sampledLeast) return span
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

/** To when connections that go on at a lower rate belong to an event: for as long as the others are quiet. */
function lastedOf(span: Run, ended: number, others: Float64Array): number {
  const to = Math.min(others.length, ended + slowSeconds)
  const quiet = quietOf(others, { from: Math.max(0, span.from - slowSeconds), to })
  if (quiet === null || quiet.to < span.to || ended < quiet.to - returnSeconds) return span.to
  return Math.min(ended, quiet.to)
}

/**
 * A connection of long ago may carry an event in records that reach across its ends, by as much as they
 * last: the others' quiet then says better when it was.
 */
function byOthers(span: Run, others: Float64Array): Run {
  const quiet = quietOf(others, {
    from: Math.max(0, span.from - slowSeconds),
    to: Math.min(others.length, span.to + slowSeconds),
  })
  return quiet ?? span
}

/** The seconds within a time in which hardly anything was opened, by greatest likelihood; null where none stand out. */
function quietOf(openings: Float64Array, { from, to }: Run): Run | null {
  const beside = [
    mean(openings, from - besideSeconds, from),
    mean(openings, to, to + besideSeconds),
  ]
  const usual = Math.min(...beside)
  const within = Math.max(1e-3, quietShare * usual)
  const [step, slope] = [Math.log(within / usual), within - usual]
  let best: Run | null = null
  let [bestScore, score, start] = [quietLeast, 0, from]
  for (let t = from; t < to; t++) {
    score += openings[t]! * step - slope
    if (score <= 0) [score, start] = [0, t + 1]
    if (score > bestScore) [bestScore, best] = [score, { from: start, to: t + 1 }]
  }
  return best
}

/** Where the actors' rate leaves, and comes back to, what it is beside. */
function spanOf(rate: Float64Array, run: Run): Run {
  const plateau = percentile(rate.subarray(run.from, run.to), 0.75)
  let from = run.from
  while (from < run.to && rate[from]! < plateau / 2) from++
  let to = run.to
  while (to > from + 1 && rate[to - 1]! < plateau / 2) to--
  const before = { from: run.from - besideSeconds, to: run.from - nearSeconds }
  const after = { from: run.to + nearSeconds, to: run.to + besideSeconds }
  const [begun, ended] = [before, after].map((beside) => leftBehind(rate, beside, plateau))
  while (from > 0 && rate[from - 1]! > begun!) from--
  while (to < rate.length && rate[to]! > ended!) to++
  return { from, to }
}

/** The rate above which the actors are at it: what they have at other times, but for bursts, and a little. */
function leftBehind(rate: Float64Array, { from, to }: Run, plateau: number): number {
  const beside = rate.subarray(Math.max(0, from), Math.max(0, to))
  const base = percentile(beside, 0.5) + onsetShare * plateau
  return Math.max(base, Math.min(percentile(beside, 1), onsetMost * plateau))
}

/**
 * The connections that make up what the actors did: of those that began with it the great ones. Null
 * where others that had been open before carry as much.
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
 * The second of the first of an event's connections, given by their places, but for strays long before
 * them. The actors' rate rises within `rise`; by something else, where no such connection begins before
 * the `middle` of the event.
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
 * When the event was over: when the others opened connections again, where that can be told and is
 * near the actors' end; never before the actors' last byte.
 */
export function returnOf(
  openings: Float64Array,
  { span, core, times }: { span: Run; core: Run; times: number },
): number {
  const within = mean(openings, core.from, core.to)
  const later = mean(openings, span.to + 5, span.to + 5 + laterSeconds)
  if (later * laterSeconds < laterLeast * times || later <= 2 * within) return span.to
  const search = { from: span.to - returnSeconds, to: span.to + returnSeconds }
  const back = changeOf(openings, search, { before: within, after: later })
  return Math.max(span.to, back)
}
