/** Answers that follow what is shown: asked anew when the question changes, the one before given up. */
import { effect, signal, type ReadonlySignal } from '@preact/signals'

import { RequestError, retryMs } from '../client.ts'

/** What is known of an answer. While it is asked for anew, the one before stays. */
export interface Asked<Answer> {
  answer: Answer | null
  error: RequestError | null
  isAsking: boolean
}

export interface Followed<Answer> {
  readonly state: ReadonlySignal<Asked<Answer>>
  /** Begins to follow; the function that it returns ends it. */
  follow: () => () => void
  /** Asks again at once. */
  again: () => void
}

/**
 * Follows a question: `question` reads signals and gives a text that is the same while nothing is
 * to be asked anew (null: there is nothing to ask); `asking` asks it, again after failures that may pass.
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
