/** Bounds on queries: how many run at once, how many wait, and that none goes on for nobody. */
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

export class HeavyQueries {
  readonly #limits: HeavyLimits
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(limits: HeavyLimits = heavyLimits) {
    this.#limits = limits
  }

  /**
   * Runs a query when its turn comes; its signal is aborted when the client goes or time is up.
   * @throws ApiError 503 where too many wait, or time is up
   */
  async run<Answer>(
    reply: FastifyReply,
    query: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    const gone = new AbortController()
    const left = () => {
      if (!reply.raw.writableFinished) gone.abort()
    }
    reply.raw.once('close', left)
    const timeout = AbortSignal.timeout(this.#limits.timeoutMs)
    const signal = AbortSignal.any([gone.signal, timeout])
    await this.#turn()
    try {
      if (signal.aborted) throw stopped(timeout)
      return await Promise.race([query(signal), whenAborted(signal, timeout)])
    } catch (error) {
      throw signal.aborted ? stopped(timeout) : error
    } finally {
      reply.raw.off('close', left)
      this.#running--
      this.#waiting.shift()?.()
    }
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
        message: 'the client went before the answer',
        remedy: 'ask again',
      })
}
