/**
 * Answers that follow what is shown: a changed query is sent again, and the one before is
 * cancelled.
 */
import { effect, signal, type ReadonlySignal } from '@preact/signals'

import { loginNeeded, RequestError, retryMs, send, type Change } from '../client.ts'

/**
 * The state of an answer. While a new one is fetched, the old one stays; after a failure only if it
 * answers the same question.
 */
interface Asked<Answer> {
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
  /**
   * Sends a change of what is followed, then the query again: also when somebody else changed it
   * first, so that the same change, sent once more, replaces theirs.
   * @throws RequestError
   */
  change: <Changed>(path: string, change: Change) => Promise<Changed>
}

const conflictRemedy =
  'To put yours in its place, do the same again. To see theirs, cancel or discard yours.'

/**
 * Follows a query: `question` reads signals and returns a text that changes only when a new answer
 * is needed (null: no query); `asking` sends it, with retries after failures that may pass.
 */
export function followAnswer<Answer>(
  question: () => string | null,
  asking: (ended: AbortSignal) => Promise<Answer>,
): Followed<Answer> {
  // What is shown before the first question is sent still waits for its answer.
  const state = signal<Asked<Answer>>({ answer: null, error: null, isAsking: true })
  const times = signal(0)
  const again = () => {
    times.value++
  }
  /** The question of the answer in `state`. */
  let answered: string | null = null
  const load = async (text: string, ended: AbortSignal) => {
    state.value = { ...state.peek(), isAsking: true }
    try {
      const answer = await asking(ended)
      if (ended.aborted) return
      answered = text
      state.value = { answer, error: null, isAsking: false }
    } catch (error) {
      if (ended.aborted) return
      if (!(error instanceof RequestError)) throw error
      const answer = text === answered ? state.peek().answer : null
      state.value = { answer, error, isAsking: false }
      if (!error.isPassing) return
      const timer = setTimeout(again, retryMs)
      ended.addEventListener('abort', () => clearTimeout(timer))
    }
  }
  return {
    state,
    follow: () => {
      let asked: string | null | undefined
      let running: AbortController | null = null
      const stop = effect(() => {
        // Whoever logs in needs new answers; until then there are none.
        if (loginNeeded.value) {
          asked = undefined
          return
        }
        const text = question()
        const next = text === null ? null : `${text}\n${times.value}`
        if (next === asked) return
        asked = next
        running?.abort()
        if (text === null) {
          state.value = { answer: null, error: null, isAsking: false }
          return
        }
        running = new AbortController()
        void load(text, running.signal)
      })
      return () => {
        running?.abort()
        stop()
      }
    },
    again,
    async change<Changed>(path: string, change: Change) {
      try {
        const changed = await send<Changed>(path, change)
        again()
        return changed
      } catch (error) {
        if (!(error instanceof RequestError) || !error.isConflict) throw error
        again()
        throw new RequestError(error.message, { remedy: conflictRemedy, status: error.status })
      }
    },
  }
}

/**
 * Follows an answer that changes by itself: it is asked for again every `everyMs`, except while the
 * page is hidden or `isMoving` says that it does not change. Returns the function that stops this.
 */
export function followChanging<Answer>(
  { follow, again }: Followed<Answer>,
  everyMs: number,
  isMoving = () => true,
): () => void {
  const end = follow()
  const timer = setInterval(() => {
    if (!document.hidden && isMoving()) again()
  }, everyMs)
  return () => {
    clearInterval(timer)
    end()
  }
}
