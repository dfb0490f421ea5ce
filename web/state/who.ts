/** Who it was at the cursor: the greatest hosts of the second under it, whatever the chart's split. */
import { signal } from '@preact/signals'

import type { TopAnswer } from '../../api/schema/schema.ts'
import { ask, RequestError } from '../client.ts'
import type { Traffic } from './traffic.ts'

interface Who {
  /** unix seconds, [from, to) */
  from: number
  to: number
  rows: readonly { host: string; label: string; bits: number }[]
}

export const who = signal<Who | null>(null)

/** How long the cursor must rest before the query, in ms. */
const restMs = 120
/** Hosts named. */
const namedMax = 5
/** Hosts to ask for: both ends of each flow are listed, but only local ones are named. */
const askedMax = 40
/** For steps up to this long the second is queried, else the step. */
const secondsUpTo = 60
/** Longer steps show only the chart's own keys: that many flows are not read for a cursor. */
const stepMax = 1800
/** Answers cached while the chart is shown. */
const keptMax = 300

const kept = new Map<string, Who>()
let keptFor: Traffic | null = null
let timer: ReturnType<typeof setTimeout> | undefined
let running: AbortController | null = null

/** Queries the moment under the cursor once it rests; null: the cursor has gone. */
export function askWho(
  at: number | null,
  isLocal: (host: string) => boolean,
  shown: Traffic,
): void {
  clearTimeout(timer)
  running?.abort()
  if (keptFor !== shown) kept.clear()
  keptFor = shown
  const span = at === null ? null : spanAt(at, shown)
  if (!span) {
    who.value = null
    return
  }
  const known = kept.get(keyOf(span))
  who.value = known ?? null
  if (!known) timer = setTimeout(() => void load(span, isLocal, shown), restMs)
}

type Span = [from: number, to: number]

function keyOf([from, to]: Span): string {
  return `${from} ${to}`
}

function spanAt(at: number, { keyed }: Traffic): Span | null {
  const { step, time } = keyed
  if (step > stepMax || time.length === 0) return null
  if (step <= secondsUpTo) return [Math.floor(at), Math.floor(at) + 1]
  const from = time[0]! + Math.floor((at - time[0]!) / step) * step
  return [from, from + step]
}

async function load(span: Span, isLocal: (host: string) => boolean, shown: Traffic): Promise<void> {
  const own = (running = new AbortController())
  const [from, to] = span
  const { exporter, filter } = shown.view
  const query = { from, to, exporter, filter, by: 'host', limit: askedMax }
  try {
    const found = namedOf(await ask('top', query, own.signal), span, isLocal)
    if (kept.size >= keptMax) kept.clear()
    kept.set(keyOf(span), found)
    who.value = found
  } catch (error) {
    // The card shows what the chart has; a cancelled query is not a fault.
    if (!(error instanceof RequestError) && !own.signal.aborted) throw error
  }
}

function namedOf({ rows }: TopAnswer, [from, to]: Span, isLocal: (host: string) => boolean): Who {
  const hosts = rows.map((row) => ({
    host: String(row.key['host']),
    label: row.label,
    bits: (row.bytes * 8) / (to - from),
  }))
  const ours = hosts.filter(({ host }) => isLocal(host))
  return { from, to, rows: (ours.length > 0 ? ours : hosts).slice(0, namedMax) }
}
