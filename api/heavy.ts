/** Bounds on queries: how many run at once, how many wait, and that none goes on for nobody. */
import { randomUUID } from 'node:crypto'

import type { FastifyReply } from 'fastify'

import { ApiError } from './errors.ts'

export interface HeavyLimits {
  /** Queries that run at once. */
  runningMax: number
  /** Queries that wait; more are refused. */
  waitingMax: number
  /** After this a query is given up. */
  timeoutMs: number
}

export const heavyLimits: HeavyLimits = { runningMax: 4, waitingMax: 64, timeoutMs: 60_000 }

interface Query {
  startedMs: number
  state: 'waiting' | 'running'
  progress: number | null
  gone: AbortController
}

/** How far a query is: the share of its reading that is done, null where that cannot be told. */
export interface QueryProgress {
  id: string
  state: 'waiting' | 'running'
  seconds: number
  progress: number | null
}

/** Ids that clients may choose, so that they can ask before the answer has come. */
const idPattern = /^[A-Za-z0-9_-]{8,64}$/

export class HeavyQueries {
  readonly #limits: HeavyLimits
  readonly #waiting: (() => void)[] = []
  /** Those that wait or run, by id: at most runningMax + waitingMax. */
  readonly #queries = new Map<string, Query>()
  #running = 0

  constructor(limits: HeavyLimits = heavyLimits) {
    this.#limits = limits
  }

  /**
   * Runs a query when its turn comes; its signal is aborted when the client goes, time is up, or it
   * is cancelled by the id that the answer's header `weir-query` has (the request's own, if given).
   * @throws ApiError 503 where too many wait, or time is up; 499 where nobody waits for it any more
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
    const timeout = AbortSignal.timeout(this.#limits.timeoutMs)
    const signal = AbortSignal.any([gone.signal, timeout])
    const query: Query = { startedMs: performance.now(), state: 'waiting', progress: null, gone }
    const id = this.#add(reply, query)
    try {
      await this.#turn()
      try {
        query.state = 'running'
        const progress = (share: number) => {
          query.progress = share
        }
        if (signal.aborted) throw stopped(timeout)
        return await Promise.race([work(signal, progress), whenAborted(signal, timeout)])
      } catch (error) {
        throw signal.aborted ? stopped(timeout) : error
      } finally {
        this.#running--
        this.#waiting.shift()?.()
      }
    } finally {
      reply.raw.off('close', left)
      this.#queries.delete(id)
    }
  }

  /** Whether none runs. */
  get isIdle(): boolean {
    return this.#running === 0
  }

  /** How far a query is; null where none of that id waits or runs. */
  progress(id: string): QueryProgress | null {
    const query = this.#queries.get(id)
    if (!query) return null
    const { startedMs, state, progress } = query
    return { id, state, seconds: (performance.now() - startedMs) / 1000, progress }
  }

  /** Stops a query; false where none of that id waits or runs. */
  cancel(id: string): boolean {
    const query = this.#queries.get(id)
    query?.gone.abort()
    return query !== undefined
  }

  #add(reply: FastifyReply, query: Query): string {
    const asked = reply.request.headers['weir-query']
    const isFree = typeof asked === 'string' && idPattern.test(asked) && !this.#queries.has(asked)
    const id = isFree ? asked : randomUUID()
    this.#queries.set(id, query)
    void reply.header('weir-query', id)
    return id
  }

  async #turn(): Promise<void> {
    if (this.#running >= this.#limits.runningMax) {
      if (this.#waiting.length >= this.#limits.waitingMax)
        throw new ApiError(503, 'busy', {
          message: `${this.#waiting.length} queries wait already`,
          remedy: 'try again in some seconds, or ask for less',
        })
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
      })
    }
    this.#running++
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
        remedy: 'ask for less time, or narrow the filter',
      })
    : new ApiError(499, 'client-gone', {
        message: 'the query was cancelled, or the client went before the answer',
        remedy: 'ask again',
      })
}
