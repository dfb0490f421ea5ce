/**
 * The cost of redraws, from Chromium's own trace: the work of the page's main thread for each frame in
 * which a chart was drawn, since the frame before: reading the answer, scripts, layout and painting.
 */

/** An event of a trace, as Chromium writes it; times are µs. */
interface TraceEvent {
  name: string
  ph: string
  pid: number
  tid: number
  ts: number
  dur?: number
  /** CPU time of the thread. */
  tdur?: number
  args?: { name?: string; data?: { message?: string; name?: string } }
}

/** Milliseconds of one frame, in wall and CPU time. */
export interface Frame {
  ms: number
  processorMs: number
}

export const traceCategories = [
  'devtools.timeline',
  'disabled-by-default-devtools.timeline',
  'toplevel',
]

/** The page's mark in its trace when a chart is drawn; see markDraws. */
const drawn = 'chart drawn'

/**
 * Runs in the page before its scripts: marks uPlot's drawing, which is in a microtask, in the trace.
 */
export function markDraws(): void {
  const own = queueMicrotask.bind(globalThis)
  globalThis.queueMicrotask = (task) =>
    own(() => {
      task()
      console.timeStamp('chart drawn')
    })
}

const isTask = ({ name, ph, dur }: TraceEvent) =>
  ph === 'X' && dur !== undefined && (name === 'RunTask' || name.endsWith('::RunTask'))

/** The frames of a trace in which charts were drawn. */
export function framesOf(trace: string): Frame[] {
  const { traceEvents } = JSON.parse(trace) as { traceEvents: TraceEvent[] }
  const draws = traceEvents.filter(({ name, args }) => {
    return name === 'TimeStamp' && (args?.data?.message ?? args?.data?.name) === drawn
  })
  const page = draws[0]
  if (!page) return []
  const own = traceEvents
    .filter(({ pid, tid }) => pid === page.pid && tid === page.tid)
    .sort((a, b) => a.ts - b.ts)
  const tasks = outermost(own.filter(isTask))
  const commits = own.filter(({ name }) => name === 'Commit').map(({ ts }) => ts)
  const drawTimes = draws.map(({ ts }) => ts)
  const frames: Frame[] = []
  let [task, draw] = [0, 0]
  for (const commit of commits) {
    const frame = { ms: 0, processorMs: 0 }
    for (; task < tasks.length && tasks[task]!.ts <= commit; task++) {
      frame.ms += tasks[task]!.dur! / 1000
      frame.processorMs += (tasks[task]!.tdur ?? tasks[task]!.dur!) / 1000
    }
    let count = 0
    for (; draw < drawTimes.length && drawTimes[draw]! <= commit; draw++) count++
    if (count > 0) frames.push(frame)
  }
  return frames
}

/** Top-level tasks. */
function outermost(tasks: readonly TraceEvent[]): TraceEvent[] {
  let end = 0
  return tasks.filter(({ ts, dur }) => {
    if (ts < end) return false
    end = ts + dur!
    return true
  })
}

/** The value below which the given share of them lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
