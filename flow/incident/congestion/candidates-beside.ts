/**
 * Times in which few hosts fill the line with what others transfer as before, such as a backup or
 * somebody's long download.
 */
import { mean, percentile, smoothed } from '../scene/rates.ts'
import { runsOf, type Run } from '../scene/runs.ts'
import type { HostDirection, Scene } from '../scene/scene.ts'
import {
  actorShare,
  actorsShare,
  elevatedTimes,
  gapSeconds,
  greatSeconds,
  likeShare,
  moreTimes,
  ownShare,
  smoothSeconds,
  type Candidate,
} from './candidates.ts'

/** What hosts had before a run is their mean over this long. */
const beforeSeconds = 60
/** The line is full at this share of the rate that all hosts together exceed in a tenth of the time. */
const fullShare = 0.7

/** Rates of a host by second. */
interface Rated {
  host: number
  rate: Float64Array
}

/** Runs in which few hosts carry most of what passes besides the transfers that go on, if there are any of these. */
export function candidatesBeside(scene: Scene, direction: HostDirection): Candidate[] {
  const total = smoothed(scene.total[direction], smoothSeconds)
  const great = percentile(smoothed(scene.total[direction], greatSeconds), 1 - ownShare)
  const hosts = [...scene.followed].map(([host, series]): Rated => {
    return { host, rate: smoothed(series[direction], smoothSeconds) }
  })
  return hosts.flatMap(({ rate }) => {
    const least = elevatedTimes * percentile(rate, ownShare)
    const isMuch = (t: number) =>
      rate[t]! > 0 && rate[t]! >= least && rate[t]! >= actorShare * total[t]!
    const holds = (t: number) => isMuch(t) && total[t]! >= fullShare * great
    return runsOf(total.length, gapSeconds, holds).flatMap((run) => {
      const found = besideSteady(hosts, run, mean(total, run.from, run.to))
      return found ? [{ ...run, direction, ...found }] : []
    })
  })
}

/** Who carries most of a run besides the transfers that go on; null if nobody does, or there are none. */
function besideSteady(
  hosts: readonly Rated[],
  run: Run,
  whole: number,
): Pick<Candidate, 'actors' | 'steady' | 'bytes'> | null {
  const had = hosts.map(({ host, rate }) => ({
    host,
    now: mean(rate, run.from, run.to),
    before: mean(rate, run.from - beforeSeconds, run.from - smoothSeconds),
  }))
  const sum = (some: typeof had) => some.reduce((all, { now }) => all + now, 0)
  const steady = had.filter(
    ({ now, before }) => now >= actorShare * whole && now < moreTimes * before,
  )
  const rest = whole - sum(steady)
  const actors = had
    .filter(({ now, before }) => now >= actorShare * rest && now >= elevatedTimes * before)
    .sort((a, b) => b.now - a.now)
  if (steady.length === 0 || actors.length === 0 || sum(actors) < actorsShare * rest) return null
  return {
    actors: actors.map(({ host }) => host),
    steady: steady.map(({ host }) => host),
    bytes: sum(actors) * (run.to - run.from),
  }
}

/**
 * Those actors that have their share of a whole event, of which their run may be a part, besides
 * the transfers that go on; of many alike, those that have about as much as the greatest.
 */
export function actorsOfWhole(
  scene: Scene,
  { actors, steady = [], direction }: Candidate,
  { from, to }: Run,
): number[] {
  const had = (hosts: readonly number[]) => mean(scene.seriesOf(hosts, direction), from, to)
  const rest = mean(scene.total[direction], from, to) - had(steady)
  const most = Math.max(...actors.map((host) => had([host])))
  const least = Math.min(actorShare * rest, likeShare * most)
  return actors.filter((host) => had([host]) >= least)
}
