/** What passed around a silence: first and last packets, and bytes, which records smear when they reach across it. */
import { bytesFromOutside, repliesOf } from '../effect/from-outside.ts'
import { besideSeconds, isStopped } from '../effect/stopped.ts'
import type { Finding } from '../finding.ts'
import { mean, percentile, smoothed } from '../scene/rates.ts'
import type { Run } from '../scene/runs.ts'
import type { Scene } from '../scene/scene.ts'

const levelSeconds = 61
/** If the exporter reports both directions, packets from outside are at least this share of all. */
const repliesMin = 0.25
/** What hosts send outward or to each other may go on, with at most this share of that beside it. */
export const sentRatio = 1.25
/** Records may reach across a shorter silence: then it is known by these few first and last packets alone. */
const spannedSeconds = 60
export const spannedRatio = 0.02

/** By second. */
export interface Passing {
  /**
   * The first and last packets that reveal a silence: those from outside, if the exporter reports
   * both directions, because hosts keep trying on a dead line; otherwise all.
   */
  sign: Float64Array
  replies: Float64Array
  /**
   * Bytes of all hosts; and, if both directions are reported, those from outside and the rest:
   * sent, or between hosts inside.
   */
  all: Float64Array
  parts: { fromOutside: Float64Array; rest: Float64Array } | null
}

/** What passed in a scene. */
export function passingOf(scene: Scene): Passing {
  const { total, times, edges } = scene
  const replies = repliesOf(scene)
  const sign = times * levelOf(replies) >= repliesMin * levelOf(edges) ? replies : edges
  const all = Float64Array.from(total.in, (each, t) => each + total.out[t]!)
  if (sign !== replies || times > 1) return { sign, replies, all, parts: null }
  const fromOutside = bytesFromOutside(scene)
  const rest = Float64Array.from(all, (each, t) => Math.max(0, each - fromOutside[t]!))
  return { sign, replies, all, parts: { fromOutside, rest } }
}

/** First and last packets per second under normal load. */
export function levelOf(counts: Float64Array): number {
  return percentile(smoothed(counts, levelSeconds), 0.75)
}

/** Whether nothing came from outside any more, while what hosts send, or copy to each other, just went on. */
export function isStoppedOutside({ parts }: Passing, span: Run): boolean {
  return (
    parts !== null && isStopped(parts.fromOutside, span) && isStopped(parts.rest, span, sentRatio)
  )
}

/** Whether records may reach across a run. */
export function isShort({ from, to }: Run): boolean {
  return to - from <= spannedSeconds
}

/**
 * Whether hardly a record began or ended in a short run, and those that reach across it have no
 * more than beside it.
 */
export function isSpanned({ sign, all }: Passing, span: Run): boolean {
  const { from, to } = span
  if (!isShort(span) || !isStopped(all, span, sentRatio)) return false
  const before = mean(sign, from - besideSeconds, from)
  const after = mean(sign, to, to + besideSeconds)
  return mean(sign, from + 1, to - 1) <= spannedRatio * Math.min(before, after)
}

/** What came from outside in a silence, if hosts sent on; or what shows it, if its bytes are not known. */
export function howItWas(passing: Passing, span: Run): Pick<Finding, 'fromOutside' | 'spanned'> {
  const { all, parts, sign, replies } = passing
  if (isStopped(all, span)) return {}
  if (parts === null || !isStoppedOutside(passing, span))
    return { spanned: sign === replies ? 'outside' : 'all' }
  const seconds = span.to - span.from
  return { fromOutside: Math.round(mean(parts.fromOutside, span.from, span.to) * seconds) }
}
