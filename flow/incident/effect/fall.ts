/** How much less the other hosts had in an event, and what that proves. */
import { percentile } from '../scene/rates.ts'
import { followedMax, type Scene } from '../scene/scene.ts'

/** At least this many others must have had traffic, or there is no verdict. */
const othersMin = 3
/** At least this many new connections must have been due before their absence means anything. */
const dueMin = 12
/** If new connections cannot be judged, the others' bytes must have dropped to this. */
const bytesAlone = 0.15
/** New connections at this share prove a cut even when long records smear the bytes. */
const openingsAlone = 0.25
const smearedBytes = 0.75
/** New connections may stay this high in a cut: hosts that retry keep opening them. */
const openingsStill = 0.7
const deadBytes = 0.1
export const fewBytes = 0.35

/** The others during an event relative to a time beside it: 1 is the same. */
export interface Fall {
  bytes: number
  openings: number
  /** New connections of others that were due within the event. */
  due: number
  /** First packets of records from outside to the others, and how many were due. */
  answers: number
  answersDue: number
  /** Others that had traffic beside the event. */
  hosts: number
}

/** The median of several comparisons, so that neither a lull nor a burst beside the event decides. */
export function medianFall(falls: readonly Fall[]): Fall {
  const of = (field: keyof Fall) =>
    percentile(
      falls.map((fall) => fall[field]),
      0.5,
    )
  return {
    bytes: of('bytes'),
    openings: of('openings'),
    due: of('due'),
    answers: of('answers'),
    answersDue: of('answersDue'),
    hosts: of('hosts'),
  }
}

/**
 * The remaining share of new connections or of answers, whichever is lower: on a dead line, hosts
 * keep opening connections and none is answered. Null if too few of either were due.
 */
function leastKept({ openings, due, answers, answersDue }: Fall, leastDue: number): number | null {
  const shares = [
    ...(due >= leastDue ? [openings] : []),
    ...(answersDue >= leastDue ? [answers] : []),
  ]
  return shares.length === 0 ? null : Math.min(...shares)
}

/** Whether the others were cut off: in bytes and new connections or answers, or in one beyond doubt. */
export function isCutOff(fall: Fall, ratio: number): boolean {
  const { bytes, hosts } = fall
  if (hosts < othersMin) return false
  const kept = leastKept(fall, dueMin)
  if (kept === null) return bytes <= bytesAlone
  if (bytes <= ratio && kept <= openingsStill) return true
  if (kept <= openingsAlone && bytes <= smearedBytes) return true
  return bytes <= deadBytes
}

/** Whether beyond doubt almost nothing of the others was left: in bytes and in many due openings or answers. */
export function isDead(fall: Fall): boolean {
  return fall.bytes <= deadBytes && connectionsKept(fall) <= openingsAlone
}

/** The share of their new connections, or of the answers to them, that the others kept; 1 if few were due. */
export function connectionsKept(fall: Fall): number {
  return leastKept(fall, 3 * dueMin) ?? 1
}

/** Whether the others got hardly a new connection, however much passed in those they had. */
export function isStarved(fall: Fall): boolean {
  return fall.hosts >= othersMin && connectionsKept(fall) <= openingsAlone
}

/** Whether so much that was due is missing that it cannot be a lull. */
export function isBeyondChance(fall: Fall): boolean {
  return fall.bytes <= fewBytes && connectionsKept(fall) <= openingsAlone
}

/**
 * The same, if the others are few because hosts that went on are not compared: answers alone, of which short records
 * make many, do not show it.
 */
export function isBeyondChanceBeside(fall: Fall): boolean {
  return isBeyondChance(fall) && fall.due >= dueMin
}

/** The compared others in words: only hosts with their own series are, so not all of a large network. */
export function othersWords({ hosts }: Fall, { followed }: Scene): string {
  return followed.size < followedMax
    ? `the other ${hosts} hosts`
    : `the ${hosts} busiest other hosts`
}
