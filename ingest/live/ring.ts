/**
 * The last minutes by second, for the wall view. A flow is spread over the seconds it was active
 * in, as everywhere; a second changes for as long as flows of it arrive.
 */
import type { ServerResponse, IncomingMessage } from 'node:http'

import type { NetworkSet } from '../../flow/address.ts'
import type { FlowColumns } from '../../flow/columns.ts'
import { countWithin } from '../../flow/spread.ts'
import { directions } from '../buckets/codes.ts'
import { readDirections } from '../buckets/directions.ts'
import { blockRowsMax, SecondSums } from './second-sums.ts'

/** Seconds kept. */
export const liveSeconds = 900
const secondMs = 1000
/**
 * Flows end at most five minutes after they are received: if a kept second is this much later than
 * now, the clock was set back since, and that second would leave no room for the present.
 */
const aheadSecondsMax = 400
/** Bytes, packets and flows per direction. */
const amounts = 3
const width = directions.length * amounts

/** The changes since a version: seconds as [unix seconds, then bytes, packets, flows by direction]. */
interface LiveChanges {
  version: number
  /** When the last flows were received, unix ms; null before the first. */
  receivedMs: number | null
  seconds: number[][]
}

export class LiveRing {
  receivedMs: number | null = null
  /** The first second kept, and the last that has a slot. */
  #oldest = 0
  #newest = -1
  /**
   * A second in slot 0, at most `liveSeconds` before the oldest, so that differences to it are
   * small integers.
   */
  #firstSlotSecond = 0
  readonly #local: NetworkSet
  readonly #sums = new Float64Array(liveSeconds * width)
  /** The second (unix) in each slot. */
  readonly #second = new Float64Array(liveSeconds).fill(-1)
  /** The version in which each slot last changed. */
  readonly #changed = new Float64Array(liveSeconds)
  #version = 0
  readonly #block = new SecondSums(liveSeconds)
  #directions = new Uint8Array(0)

  constructor(local: NetworkSet) {
    this.#local = local
  }

  /** The direction code of each row; valid until the next call. */
  directionsOf(flows: FlowColumns): Uint8Array {
    if (this.#directions.length < flows.count) this.#directions = new Uint8Array(flows.count)
    readDirections(flows, this.#local, this.#directions)
    return this.#directions
  }

  /** Counts every row of the columns; `nowMs` is when the last datagram was received. */
  add(flows: FlowColumns, codes = this.directionsOf(flows), nowMs = lastReceivedOf(flows)): void {
    const { count } = flows
    if (count === 0) return
    this.#version++
    this.#openFor(flows, nowMs)
    const from = Math.max(this.#oldest, this.#newest - liveSeconds + 1)
    for (let row = 0; row < count; row += blockRowsMax) {
      const span = { from: row, to: Math.min(count, row + blockRowsMax), fromMs: from * secondMs }
      const large = this.#block.addRows(flows, codes, span)
      this.#block.take((second) => this.#changedSums(from + second))
      for (const i of large) this.#addLarge(flows, i, { direction: codes[i]! * amounts, from })
    }
  }

  /** The seconds that changed after a version, oldest first; 0 gives all. */
  changes(after: number): LiveChanges {
    const seconds: number[][] = []
    const oldest = this.#oldest
    for (let slot = 0; slot < liveSeconds; slot++) {
      if (this.#second[slot]! < oldest || this.#changed[slot]! <= after) continue
      const sums = this.#sums.subarray(slot * width, slot * width + width)
      seconds.push([this.#second[slot]!, ...sums])
    }
    seconds.sort((a, b) => a[0]! - b[0]!)
    return { version: this.#version, receivedMs: this.receivedMs, seconds }
  }

  /** Opens slots for all seconds the flows reach. */
  #openFor(flows: FlowColumns, nowMs: number): void {
    const { flowStartMilliseconds: starts, flowEndMilliseconds: ends, count } = flows
    let startMs = Number.NEGATIVE_INFINITY
    let endMs = Number.NEGATIVE_INFINITY
    for (let i = 0; i < count; i++) {
      startMs = Math.max(startMs, starts[i]!)
      endMs = Math.max(endMs, ends[i]!)
    }
    this.receivedMs = nowMs
    const second = Math.floor(nowMs / secondMs)
    if (this.#newest > second + aheadSecondsMax) this.#clear()
    this.#oldest = second - liveSeconds + 1
    this.#firstSlotSecond = Math.floor(this.#oldest / liveSeconds) * liveSeconds
    this.#open(Math.max(second, Math.floor(startMs / secondMs), Math.floor((endMs - 1) / secondMs)))
  }

  #clear(): void {
    this.#newest = -1
    this.#second.fill(-1)
  }

  /** The sums of a second, which is marked as changed. */
  #changedSums(second: number): Float64Array {
    const slot = this.#slotOf(second)
    this.#changed[slot] = this.#version
    return this.#sums.subarray(slot * width, slot * width + width)
  }

  /** Adds a flow whose products exceed a double's integers, or whose times are odd. */
  #addLarge(
    flows: FlowColumns,
    i: number,
    { direction: at, from }: { direction: number; from: number },
  ): void {
    const first = flows.flowStartMilliseconds[i]!
    const last = Math.max(first, flows.flowEndMilliseconds[i]!)
    const rate = flows.samplingInterval[i]!
    const octets = flows.octetDeltaCount[i]! * rate
    const packets = flows.packetDeltaCount[i]! * rate
    const begin = Math.floor(first / secondMs)
    const end = Math.max(begin, Math.floor((last - 1) / secondMs))
    for (let second = Math.max(from, begin); second <= end; second++) {
      const sums = this.#changedSums(second)
      const [edge, next] = [second * secondMs, (second + 1) * secondMs]
      sums[at] = sums[at]! + countWithin(octets, { first, last }, edge, next)
      sums[at + 1] = sums[at + 1]! + countWithin(packets, { first, last }, edge, next)
      if (second === begin) sums[at + 2] = sums[at + 2]! + 1
    }
  }

  /** Opens a slot for each second up to this one, clearing what it held before. */
  #open(second: number): void {
    for (let each = Math.max(this.#newest + 1, second - liveSeconds + 1); each <= second; each++) {
      const slot = this.#slotOf(each)
      this.#second[slot] = each
      this.#changed[slot] = 0
      this.#sums.fill(0, slot * width, slot * width + width)
    }
    this.#newest = Math.max(this.#newest, second)
  }

  /** The slot of a kept second. A remainder of a large number would take as long as everything else. */
  #slotOf(second: number): number {
    return ((second - this.#firstSlotSecond) >>> 0) % liveSeconds
  }
}

/** When the newest of the flows was received, unix ms. */
function lastReceivedOf({ collectionTimeMilliseconds: received, count }: FlowColumns): number {
  let lastMs = Number.NEGATIVE_INFINITY
  for (let i = 0; i < count; i++) lastMs = Math.max(lastMs, received[i]!)
  return lastMs
}

/** Answers GET /live?after=VERSION on ingest's socket; false for any other request. */
export function answerLive(
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
  ring: LiveRing,
): boolean {
  const match = /^\/live\?after=(\d{1,15})$/.exec(url)
  if (method !== 'GET' || !match) return false
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(ring.changes(Number(match[1]))))
  return true
}
