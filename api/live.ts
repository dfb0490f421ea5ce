/**
 * The live streams: one poll of ingest per second for all of them, as long as there are any. A
 * stream that cannot keep up is cut; the browser reconnects by itself.
 */
import { PassThrough } from 'node:stream'

import type { LiveEvents, LiveSecond } from './schema/live.ts'
import { askIngest } from './ask-ingest.ts'
import type { ApiState } from './documents/state.ts'
import type { Collection } from '../store/state/state.ts'

/** Streams at once. */
export const streamsMax = 200
/** Bytes that may wait for a client; above that, it is cut. */
const waitingBytesMax = 1 << 20
const pollMs = 1000
/** Seconds kept, the same as ingest keeps. */
const secondsMax = 900
/** A kept second this much later than now is of before the clock was set back, as ingest sees it too. */
const aheadSecondsMax = 400
/** After this many polls each stream's session is checked again. */
const recheckPolls = 30
const directions = ['in', 'out', 'internal', 'transit'] as const
const amounts = 3
/** Collections whose changes are announced to pages. */
const watched: readonly Collection[] = ['dashboards', 'annotations', 'trackers', 'alerts']

interface Stream {
  output: PassThrough
  step: number
  /** Whether the stream carries traffic: a wall gets only what its dashboard shows. */
  sendsTraffic: boolean
  isAllowed: () => Promise<boolean>
  /** Whether it has got its ring: ticks come after it. */
  isBegun: boolean
  /** Seconds that changed since the last tick. */
  changed: Set<number>
  nextTick: number
}

interface LiveParts {
  data: string
  state: ApiState
  version: string
  now: () => number
}

export class LiveStreams {
  readonly #parts: LiveParts
  readonly #streams = new Set<Stream>()
  /** Sums of the last seconds as ingest reports them, by unix second. */
  readonly #seconds = new Map<number, number[]>()
  readonly #announced = new Map<Collection, string>()
  #version = 0
  #receivedMs: number | null = null
  #isRunning = false
  #polls = 0
  #timer: NodeJS.Timeout | null = null
  #polling: Promise<void> | null = null

  constructor(parts: LiveParts) {
    this.#parts = parts
  }

  /** Opens a stream; null if there are too many. It ends by itself when its reader disconnects. */
  open(wanted: Pick<Stream, 'step' | 'sendsTraffic' | 'isAllowed'>): PassThrough | null {
    if (this.#streams.size >= streamsMax) return null
    // Nobody has asked since the last one was closed, and ingest may have been started again.
    if (this.#streams.size === 0) {
      this.#version = 0
      this.#seconds.clear()
    }
    const output = new PassThrough({ highWaterMark: waitingBytesMax })
    const stream: Stream = { ...wanted, output, isBegun: false, changed: new Set(), nextTick: 0 }
    this.#streams.add(stream)
    output.on('close', () => {
      this.#streams.delete(stream)
      if (this.#streams.size === 0) this.#stop()
    })
    output.write('retry: 2000\n\n')
    const { version, now } = this.#parts
    this.#send(stream, 'hello', { version, now: now() / 1000, step: stream.step })
    void this.#begin(stream)
    return output
  }

  /** Tells every stream that the server is stopping, and ends them. */
  close(): void {
    for (const stream of this.#streams) {
      this.#send(stream, 'bye', { reason: 'the server ends' })
      stream.output.end()
    }
    this.#stop()
  }

  async #begin(stream: Stream): Promise<void> {
    await this.#poll()
    if (!stream.output.writable) return
    this.#sendRing(stream)
    stream.isBegun = true
    this.#tick(stream)
    this.#timer ??= setInterval(() => void this.#round(), pollMs)
  }

  #sendRing(stream: Stream): void {
    const seconds = stream.sendsTraffic ? this.#steps([...this.#seconds.keys()], stream.step) : []
    this.#send(stream, 'ring', { step: stream.step, seconds })
    stream.changed.clear()
  }

  #stop(): void {
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
  }

  async #round(): Promise<void> {
    await this.#poll()
    const changed = await this.#changedCollections()
    const recheck = ++this.#polls % recheckPolls === 0
    for (const stream of this.#streams) {
      if (!stream.isBegun) continue
      for (const collection of changed) this.#send(stream, 'changed', { collection })
      this.#tick(stream)
      if (recheck) void this.#recheck(stream)
    }
  }

  async #recheck(stream: Stream): Promise<void> {
    const isAllowed = await stream.isAllowed().catch(() => false)
    if (!isAllowed) stream.output.end()
  }

  #tick(stream: Stream): void {
    const now = this.#parts.now() / 1000
    // One that is due later than a step from now is of before the clock was set back.
    if (now < stream.nextTick && now >= stream.nextTick - stream.step) return
    stream.nextTick = Math.floor(now / stream.step) * stream.step + stream.step
    const seconds = stream.sendsTraffic ? this.#steps([...stream.changed], stream.step) : []
    stream.changed.clear()
    this.#send(stream, 'tick', {
      now,
      receivedAt: this.#receivedMs === null ? null : this.#receivedMs / 1000,
      isIngestRunning: this.#isRunning,
      seconds,
    })
  }

  #send<Name extends keyof LiveEvents>(stream: Stream, name: Name, data: LiveEvents[Name]): void {
    const { output } = stream
    if (output.destroyed || output.writableEnded) return
    const isRoomLeft = output.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
    if (!isRoomLeft) output.destroy()
  }

  /** One poll at a time; callers in the meantime share it. */
  #poll(): Promise<void> {
    this.#polling ??= this.#ask()
      .catch(() => undefined)
      .finally(() => (this.#polling = null))
    return this.#polling
  }

  async #ask(): Promise<void> {
    const after = this.#version
    const answer = await askIngest(this.#parts.data, `/live?after=${after}`)
    // The first stream after a pause needs all seconds.
    if (after !== this.#version) return this.#ask()
    const changes = answer?.status === 200 ? (answer.body as Changes | null) : null
    this.#isRunning = changes !== null
    if (!changes) {
      // A restarted ingest counts its versions from the start.
      this.#version = 0
      return
    }
    this.#version = changes.version
    this.#receivedMs = changes.receivedMs
    const end = this.#parts.now() / 1000 + aheadSecondsMax
    const isSetBack = Math.max(...this.#seconds.keys()) > end
    if (isSetBack) this.#seconds.clear()
    const seconds = changes.seconds.filter(([second]) => second! <= end)
    for (const [second, ...sums] of seconds) {
      this.#seconds.set(second!, sums)
      for (const stream of this.#streams) stream.changed.add(second!)
    }
    if (isSetBack) for (const stream of this.#streams) if (stream.isBegun) this.#sendRing(stream)
    const newest = Math.max(...seconds.map(([second]) => second!))
    for (const second of this.#seconds.keys())
      if (second <= newest - secondsMax) this.#seconds.delete(second)
  }

  /** The whole steps that contain these seconds, oldest first. */
  #steps(seconds: readonly number[], step: number): LiveSecond[] {
    const starts = new Set(seconds.map((second) => Math.floor(second / step) * step))
    return [...starts]
      .sort((a, b) => a - b)
      .map((time) => {
        const added = new Float64Array(directions.length * amounts)
        for (let second = time; second < time + step; second++)
          for (const [at, sum] of (this.#seconds.get(second) ?? []).entries()) added[at]! += sum
        return { time, sums: byDirection(added) }
      })
  }

  async #changedCollections(): Promise<Collection[]> {
    const changed: Collection[] = []
    for (const collection of watched) {
      // While they cannot be read, a change is announced later, and the traffic goes on.
      const documents = await this.#parts.state.list(collection).catch(() => null)
      if (documents === null) continue
      const newest = documents.reduce((most, { changedAt }) => Math.max(most, changedAt), 0)
      const state = `${documents.length} ${newest}`
      const before = this.#announced.get(collection)
      this.#announced.set(collection, state)
      if (before !== undefined && before !== state) changed.push(collection)
    }
    return changed
  }
}

/** Ingest's answer: see ingest/live/ring.ts. */
interface Changes {
  version: number
  receivedMs: number | null
  seconds: number[][]
}

function byDirection(added: Float64Array): LiveSecond['sums'] {
  const sums: LiveSecond['sums'] = {}
  for (const [place, direction] of directions.entries()) {
    const [bytes, packets, flows] = added.subarray(place * amounts, place * amounts + amounts)
    if (bytes !== 0 || packets !== 0 || flows !== 0) sums[direction] = [bytes!, packets!, flows!]
  }
  return sums
}
