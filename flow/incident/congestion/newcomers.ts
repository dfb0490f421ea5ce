/**
 * Which of the hosts that carry an event began something: one that went on as before, or came
 * later, is not why the others fell.
 */
import { runsBeside } from '../effect/beside.ts'
import { mean, percentile } from '../scene/rates.ts'
import type { Run } from '../scene/runs.ts'
import type { HostDirection, Scene } from '../scene/scene.ts'
import type { Bounds } from './bounds.ts'
import { moreTimes } from './candidates.ts'

/** Who has less than this share of its rate in the first part of an event came later. */
const laterShare = 0.25
/** The first and the last part: this share of an event, and at most so many seconds. */
const partShare = 0.25
const partSeconds = 60

type Why = 'no more than just before' | 'no more than just after' | 'began only later'

export interface Newcomers {
  began: number[]
  /** Those that had as much before. */
  wentOn: number[]
  /** Why each of the others is not named, as sentences. */
  facts: string[]
}

/**
 * Actors that began with an event, if these carry at least `least` of what passes in its direction
 * beside what goes on as before; otherwise also those that came later. Who had as much before, as
 * the `steady` ones of them are known to have had, or after an event that is a part of what the
 * actors had, is not among them: it did no harm then.
 */
export function newcomers(
  scene: Scene,
  actors: readonly number[],
  given: {
    span: Bounds
    direction: HostDirection
    events: readonly Run[]
    steady: readonly number[]
    least: number
  },
): Newcomers {
  const { span, direction, events, steady, least } = given
  const [before, after] = (['before', 'after'] as const).map((side) =>
    runsBeside(scene, { span, events }, side),
  )
  const part = Math.ceil(Math.min(partSeconds, partShare * (span.to - span.from)))
  const [first, last] = [
    { from: span.from, to: span.from + part },
    { from: span.to - part, to: span.to },
  ]
  const all = actors.map((host): { host: number; series: Float64Array; why: Why | null } => {
    const series = scene.seriesOf([host], direction)
    const within = mean(series, span.from, span.to)
    const isNoMoreThan = (runs: readonly Run[]) => {
      const rates = runs.map(({ from, to }) => mean(series, from, to))
      return within < moreTimes * percentile(rates, 0.5)
    }
    if (steady.includes(host) || isNoMoreThan(before!))
      return { host, series, why: 'no more than just before' }
    // Of a part, the actors may have had as much after it, which did no harm.
    if (span.isPart && isNoMoreThan(after!)) return { host, series, why: 'no more than just after' }
    const isLater = mean(series, first.from, first.to) < laterShare * within
    return { host, series, why: isLater ? 'began only later' : null }
  })
  const had = ({ from, to }: Run, which: (why: Why | null) => boolean) =>
    all.filter(({ why }) => which(why)).reduce((sum, { series }) => sum + mean(series, from, to), 0)
  const isFirst = (why: Why | null) => why === null
  const isNew = (why: Why | null) => why === null || why === 'began only later'
  const took = (run: Run) => {
    const whole = mean(scene.total[direction], run.from, run.to) - had(run, (why) => !isNew(why))
    return had(run, isFirst) >= least * whole
  }
  // Who came later is to blame for the rest if the first had gone by then.
  const named = took(span) && took(last) ? isFirst : isNew
  return {
    began: all.filter(({ why }) => named(why)).map(({ host }) => host),
    wentOn: all.filter(({ why }) => why === 'no more than just before').map(({ host }) => host),
    facts: all.flatMap(({ why }) =>
      named(why) ? [] : [`another host had much, but ${why}: it is not named`],
    ),
  }
}
