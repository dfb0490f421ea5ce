/** The page's single stream: the last minutes by the second, for all panels that use it. */
import type { LiveRing, LiveSecond, LiveTick } from '../../api/schema/live.ts'
import { clockNow } from '../state/clock.ts'
import { tellAnswered, tellSilent } from '../state/silence.ts'
import { setNewest } from './freshness.ts'
import type { LiveRows } from './live-layers.ts'

type Listener = (rows: LiveRows, error: string) => void

/** Seconds kept: as many as any panel may show. */
const keptSeconds = 900
/** A refused stream (a proxy before an API that restarts) is not reopened by the browser. */
const againMs = 5000

const listeners = new Set<Listener>()
let source: EventSource | null = null
let reopening: ReturnType<typeof setTimeout> | undefined
let kept: Map<number, LiveSecond['sums']> = new Map()

/** Calls back at each tick; the stream is open as long as there are listeners. */
export function followLive(listener: Listener): () => void {
  listeners.add(listener)
  if (!source) open()
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearTimeout(reopening)
    source?.close()
    source = null
    setNewest(listeners, undefined)
    kept = new Map()
  }
}

function open(): void {
  const stream = new EventSource('/api/live?step=1')
  source = stream
  stream.addEventListener('ring', (event) => {
    kept = new Map()
    const { seconds } = JSON.parse(event.data as string) as LiveRing
    // Why there is nothing is said by the first tick.
    if (seconds.length > 0) take(seconds)
  })
  stream.addEventListener('tick', (event) => {
    const { seconds, receivedAt, isIngestRunning } = JSON.parse(event.data as string) as LiveTick
    setNewest(listeners, receivedAt ?? undefined)
    take(seconds, isIngestRunning ? '' : 'Ingest does not run: nothing is received.')
  })
  stream.addEventListener('error', () => {
    tellSilent(clockNow())
    if (stream.readyState !== EventSource.CLOSED) return
    tell('The live stream was refused; trying again.')
    reopening = setTimeout(open, againMs)
  })
}

function take(seconds: readonly LiveSecond[], error = ''): void {
  tellAnswered()
  for (const { time, sums } of seconds) kept.set(time, sums)
  const newest = Math.max(...kept.keys(), 0)
  for (const time of kept.keys()) if (time <= newest - keptSeconds) kept.delete(time)
  tell(error)
}

function tell(error: string): void {
  const rows = new Map(kept)
  for (const listener of listeners) listener(rows, error)
}
