/** What an event did to everybody else: bytes and new connections of the others, before, within, after. */
import { mean, type Run } from './rates.ts'
import type { Scene } from './scene.ts'

/** No single host makes up more than this share of what the others had. */
const hostShareMost = 0.25
/** Others that must have had traffic, or nothing can be said of them. */
const othersLeast = 3
/** New connections that must have been due before their absence says anything. */
const dueLeast = 12
/** Where new connections cannot be judged, the others' bytes must have fallen to this. */
const bytesAlone = 0.15
/** New connections that stay away so far prove a cut where bytes are smeared by long records. */
const openingsAlone = 0.25
const smearedBytes = 0.75
/** Others who try again and again open connections although nothing passes. */
const openingsStill = 0.7
const deadBytes = 0.1

/** Others within an event as a share of a time beside it: 1 is as much as then. */
export interface Fall {
  bytes: number
  openings: number
  /** New connections of others that were due within the event. */
  due: number
  /** Others that had traffic beside the event. */
  hosts: number
}

/** Compares the others within `core` with a time beside it. */
export function fallOf(
  scene: Scene,
  { actors, core, beside }: { actors: ReadonlySet<number>; core: Run; beside: Run },
): Fall {
  const { connections } = scene
  const isOther = (i: number) =>
    !actors.has(connections.opener[i]!) && !actors.has(connections.peer[i]!)
  const openings = scene.openingsOf(isOther)
  const usual = mean(openings, beside.from, beside.to)
  const due = usual * (core.to - core.from)
  const then = ratesOf(scene, beside, actors)
  const now = ratesOf(scene, core, actors)
  let whole = 0
  let hosts = 0
  for (const rate of then) {
    whole += rate
    if (rate > 0) hosts++
  }
  let before = 0
  let within = 0
  for (const [host, rate] of then.entries()) {
    before += Math.min(rate, hostShareMost * whole)
    within += Math.min(now[host]!, hostShareMost * whole)
  }
  return {
    bytes: before > 0 ? within / before : 1,
    openings: usual > 0 ? mean(openings, core.from, core.to) / usual : 1,
    due,
    hosts,
  }
}

/** Whether the others were cut off: in bytes and in connections, or in one of them beyond doubt. */
export function isCutOff({ bytes, openings, due, hosts }: Fall, ratio: number): boolean {
  if (hosts < othersLeast) return false
  const tells = due >= dueLeast
  if (bytes <= ratio && tells && openings <= openingsStill) return true
  if (bytes <= bytesAlone && !tells) return true
  if (tells && openings <= openingsAlone && bytes <= smearedBytes) return true
  return bytes <= deadBytes
}

/** Bytes a second of each other host that can be an actor. */
function ratesOf(scene: Scene, run: Run, actors: ReadonlySet<number>): Float64Array {
  const bytes = scene.bytesByHost(run)
  for (const actor of actors) bytes[actor] = 0
  return bytes.map((each) => each / (run.to - run.from))
}
