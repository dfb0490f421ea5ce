/** Which of the hosts that carry an event began something: one that only went on as before is not why the others fell. */
import { besides } from './besides.ts'
import { mean, percentile, type Run } from './rates.ts'
import type { HostDirection, Scene } from './scene.ts'

/** Who has less than this many times what it had in the minutes before does as before. */
const moreTimes = 1.5

interface Newcomers {
  began: number[]
  /** The others, as before. */
  wentOn: number[]
}

/**
 * Actors that began with an event, if these alone carry at least `least` of what passes in its direction; otherwise all
 * of them.
 */
export function newcomers(
  scene: Scene,
  actors: readonly number[],
  given: { span: Run; direction: HostDirection; events: readonly Run[]; least: number },
): Newcomers {
  const { span, direction, events, least } = given
  const runs = besides(scene, { span, events }, 'before')
  const rates = actors.map((host) => {
    const series = scene.seriesOf([host], direction)
    const before = runs.map(({ from, to }) => mean(series, from, to))
    return {
      host,
      within: mean(series, span.from, span.to),
      before: percentile(before, 0.5),
    }
  })
  const isNew = ({ within, before }: { within: number; before: number }) =>
    within >= moreTimes * before
  const carried = rates.filter(isNew).reduce((sum, { within }) => sum + within, 0)
  const whole = mean(scene.total[direction], span.from, span.to)
  if (carried < least * whole) return { began: [...actors], wentOn: [] }
  const hosts = (some: typeof rates) => some.map(({ host }) => host)
  return {
    began: hosts(rates.filter(isNew)),
    wentOn: hosts(rates.filter((each) => !isNew(each))),
  }
}
