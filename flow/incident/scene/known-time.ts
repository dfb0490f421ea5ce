/**
 * A scene without the times of which nothing is known, as if they had not passed: what an exporter
 * does not report is neither traffic nor a fall of it, so an event goes on across such a time.
 */
import { countWithin } from '../../spread.ts'
import { FlowTable } from '../flows/flow-table.ts'
import type { Run } from './runs.ts'
import { Scene, type HostSeries } from './scene.ts'

export interface KnownTime {
  scene: Scene
  /** A run of the whole scene in the scene without its gaps; empty if it lies within one. */
  into: (run: Run) => Run
  /** The reverse; a run that ends where a gap was ends before it, and one that begins there begins after it. */
  back: (run: Run) => Run
}

/** The scene without gaps (seconds of its grid; in order of time, and apart); itself if there are none. */
export function withoutGaps(scene: Scene, gaps: readonly Run[]): KnownTime {
  if (gaps.length === 0) return { scene, into: (run) => run, back: (run) => run }
  const into = (t: number) => gaps.reduce((at, gap) => at - overlap(gap, { from: 0, to: t }), t)
  const back = (t: number, isEnd: boolean) =>
    gaps.reduce(
      (at, { from, to }) => (at > from || (at === from && !isEnd) ? at + to - from : at),
      t,
    )
  const { grid } = scene
  const seconds = into(grid.seconds)
  const kept = (values: Float64Array) => values.filter((_, t) => !gaps.some((gap) => isIn(t, gap)))
  const keptOf = (series: HostSeries) => ({ in: kept(series.in), out: kept(series.out) })
  const counted = {
    times: scene.times,
    total: keptOf(scene.total),
    edges: kept(scene.edges),
    followed: new Map([...scene.followed].map(([host, series]) => [host, keptOf(series)] as const)),
  }
  return {
    scene: new Scene(shortened(scene, gaps, into), { from: grid.from, seconds }, counted),
    into: ({ from, to }) => ({ from: into(from), to: into(to) }),
    back: ({ from, to }) => ({ from: back(from, false), to: back(to, true) }),
  }
}

/** What does not change with time. */
const columns = [
  'source',
  'destination',
  'sourcePort',
  'destinationPort',
  'protocol',
  'tcpFlags',
] as const

/** The flows of a scene, with the times after each gap moved to its start, and without what passed in it. */
function shortened(scene: Scene, gaps: readonly Run[], into: (t: number) => number): FlowTable {
  const { table, grid } = scene
  const short = new FlowTable(table.exporter, table.hosts)
  const instant = (t: number) => grid.from + into(scene.place(t)) * 1000
  const spans = gaps.map(
    ({ from, to }) => [grid.from + from * 1000, grid.from + to * 1000] as const,
  )
  for (let row = 0; row < table.count; row++) {
    const flow = { first: table.first[row]!, last: table.last[row]! }
    if (spans.some(([from, to]) => flow.first >= from && flow.last < to)) continue
    const left = (count: number) =>
      spans.reduce((sum, [from, to]) => sum - countWithin(count, flow, from, to), count)
    const at = short.append()
    short.first[at] = instant(flow.first)
    short.last[at] = instant(flow.last)
    short.bytes[at] = left(table.bytes[row]!)
    short.packets[at] = left(table.packets[row]!)
    for (const column of columns) short[column][at] = table[column][row]!
  }
  short.sampling = table.sampling
  short.samplingMin = table.samplingMin
  short.breaks = table.breaks.map(({ from, to }) => ({ from: instant(from), to: instant(to) }))
  return short
}

function isIn(t: number, { from, to }: Run): boolean {
  return t >= from && t < to
}

function overlap(a: Run, b: Run): number {
  return Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from))
}
