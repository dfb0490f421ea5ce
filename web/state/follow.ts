/**
 * Answers that follow what is shown: a changed query is sent again, and the one before is
 * cancelled.
 */
import { effect, signal, type ReadonlySignal } from '@preact/signals'

import { RequestError, retryMs } from '../client.ts'

/** The state of an answer. While a new one is fetched, the old one stays. */
export interface Asked<Answer> {
  answer: Answer | null
  error: RequestError | null
  isAsking: boolean
}

export interface Followed<Answer> {
  readonly state: ReadonlySignal<Asked<Answer>>
  /** Starts following; returns the function that stops it. */
  follow: () => () => void
  /** Sends the query again at once. */
  again: () => void
}

/**
 * Follows a query: `question` reads signals and returns a text that changes only when a new answer
 * is needed (null: no query); `asking` sends it, with retries after failures that may pass.
 */
export function followAnswer<Answer>(
  question: () => string | null,
  asking: (ended: AbortSignal) => Promise<Answer>,
): Followed<Answer> {
  const state = signal<Asked<Answer>>({ answer: null, error: null, isAsking: false })
  const times = signal(0)
  const load = async (ended: AbortSignal) => {
    state.value = { ...state.peek(), isAsking: true }
    try {
      const answer = await asking(ended)
      if (!ended.aborted) state.value = { answer, error: null, isAsking: false }
    } catch (error) {
      if (ended.aborted) return
      if (!(error instanceof RequestError)) throw error
      state.value = { ...state.peek(), error, isAsking: false }
      if (!error.isPassing) return
      const timer = setTimeout(() => times.value++, retryMs)
      ended.addEventListener('abort', () => clearTimeout(timer))
    }
  }
  return {
    state,
    follow: () => {
      let asked: string | null = null
      let running: AbortController | null = null
      const stop = effect(() => {
        const text = question()
        const next = text === null ? null : `${text}\n${times.value}`
        if (next === asked) return
        asked = next
        running?.abort()
        if (next === null) {
          state.value = { answer: null, error: null, isAsking: false }
          return
        }
        running = new AbortController()
        void load(running.signal)
      })
      return () => {
        running?.abort()
        stop()
      }
    },
    again: () => times.value++,
  }
}
