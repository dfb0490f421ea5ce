/**
 * Limits on queries: how many run at once and how many wait; none runs on after its client has
 * gone.
 */
import { randomUUID } from 'node:crypto'
import { availableParallelism, loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

import type { FastifyReply } from 'fastify'

import { countOf } from '../flow/units.ts'
import { ApiError } from './errors.ts'
import { Turns } from './turns.ts'

export interface HeavyLimits {
  /** Queries that run at once. */
  runningMax: number
  /** Queries that wait; more are refused. */
  waitingMax: number
  /** After this a query is cancelled. */
  timeoutMs: number
}

const heavyLimits: HeavyLimits = { runningMax: 4, waitingMax: 64, timeoutMs: 60_000 }

/** From this load average for each core on, a slow answer is the machine's doing. */
const busyFrom = 2

/** A stop waits this long for cancelled queries to clean up. */
const cleanUpMsMax = 2000

interface Query {
  startedMs: number
  state: 'waiting' | 'running'
  progress: number | null
  gone: AbortController
}

/** Progress of a query: the share of its data read; null if unknown. */
interface QueryProgress {
  id: string
  state: 'waiting' | 'running'
  seconds: number
  progress: number | null
}

/** Ids that clients may choose, so that they can ask for progress before the answer comes. */
const idPattern = /^[A-Za-z0-9_-]{8,64}$/

export class HeavyQueries {
  readonly #limits: HeavyLimits
  readonly #turns: Turns
  /** Waiting and running queries, by id: at most runningMax + waitingMax. */
  readonly #queries = new Map<string, Query>()
  #isClosed = false
  /** What runs, also for clients that have gone. */
  readonly #works = new Set<Promise<unknown>>()

  constructor(limits: HeavyLimits = heavyLimits) {
    this.#limits = limits
    this.#turns = new Turns(limits.runningMax)
  }

  /**
   * Runs a query when its turn comes. Its signal is aborted when the client disconnects, time is
   * up, or the query is cancelled by its id: the one in the answer's header `weir-query` (the
   * request's own, if given).
   * @throws ApiError 503 if too many wait, or time is up; 499 if the client has gone
   */
  async run<Answer>(
    reply: FastifyReply,
    work: (signal: AbortSignal, progress: (share: number) => void) => Promise<Answer>,
  ): Promise<Answer> {
    const gone = new AbortController()
    const left = () => {
      if (!reply.raw.writableFinished) gone.abort()
    }
    reply.raw.once('close', left)
    // While the question was read, the client may have gone, or the process been told to stop.
    if (this.#isClosed || reply.raw.destroyed) gone.abort()
    const timeout = AbortSignal.timeout(this.#limits.timeoutMs)
    const signal = AbortSignal.any([gone.signal, timeout])
    const query: Query = { startedMs: performance.now(), state: 'waiting', progress: null, gone }
    const id = this.#add(reply, query)
    try {
      await this.#turn(signal, timeout)
      try {
        query.state = 'running'
        const progress = (share: number) => {
          query.progress = share
        }
        if (signal.aborted) throw stopped(timeout)
        const worked = work(signal, progress)
        this.#works.add(worked)
        void Promise.allSettled([worked]).then(() => this.#works.delete(worked))
        return await Promise.race([worked, whenAborted(signal, timeout)])
      } catch (error) {
        throw signal.aborted ? stopped(timeout) : error
      } finally {
        this.#turns.end()
      }
    } finally {
      reply.raw.off('close', left)
      this.#queries.delete(id)
    }
  }

  /** Cancels all queries, and those that still come; waits until they have cleaned up, but not for one that hangs. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const { gone } of this.#queries.values()) gone.abort()
    const ended = new AbortController()
    const hangs = sleep(cleanUpMsMax, undefined, { signal: ended.signal }).catch(() => undefined)
    await Promise.race([Promise.allSettled(this.#works), hangs])
    ended.abort()
  }

  /** Whether none runs. */
  get isIdle(): boolean {
    return this.#turns.running === 0
  }

  /** Progress of a query; null if no query of that id waits or runs. */
  progress(id: string): QueryProgress | null {
    const query = this.#queries.get(id)
    if (!query) return null
    const { startedMs, state, progress } = query
    return { id, state, seconds: (performance.now() - startedMs) / 1000, progress }
  }

  /** Cancels a query; false if no query of that id waits or runs. */
  cancel(id: string): boolean {
    const query = this.#queries.get(id)
    query?.gone.abort()
    return query !== undefined
  }

  #add(reply: FastifyReply, query: Query): string {
    const chosen = reply.request.headers['weir-query']
    const isFree =
      typeof chosen === 'string' && idPattern.test(chosen) && !this.#queries.has(chosen)
    const id = isFree ? chosen : randomUUID()
    this.#queries.set(id, query)
    void reply.header('weir-query', id)
    return id
  }

  /** @throws ApiError if too many wait, or it is aborted while it waits */
  async #turn(signal: AbortSignal, timeout: AbortSignal): Promise<void> {
    if (this.#turns.isFull && this.#turns.waiting >= this.#limits.waitingMax)
      throw new ApiError(503, 'busy', {
        message: `${this.#turns.waiting} queries are waiting already`,
        remedy: 'try again in some seconds, or ask for less',
      })
    await this.#turns.begin(signal).catch(() => {
      throw stopped(timeout)
    })
  }
}

function whenAborted(signal: AbortSignal, timeout: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(stopped(timeout)), { once: true })
  })
}

function stopped(timeout: AbortSignal): ApiError {
  return timeout.aborted
    ? new ApiError(503, 'timed-out', {
        message: 'the answer took too long',
        remedy: remedyOfSlow(loadavg()[0]!, availableParallelism()),
      })
    : new ApiError(499, 'client-gone', {
        message: 'the query was cancelled, or the client disconnected before the answer',
        remedy: 'ask again',
      })
}

/** Queries yield to everybody who wants a core: where many do, less time or a narrower filter helps little. */
export function remedyOfSlow(load: number, cores: number): string {
  if (load < busyFrom * cores) return 'ask for less time, or narrow the filter'
  return `the machine is busy (load average ${Math.round(load)} on ${countOf(cores, 'core')}): ask again later`
}
