/**
 * Answers about closed time, cached for some seconds: walls and many pages send the same query
 * again and again. A cached answer is used only while the data folder names the same files as when
 * it was built, so that a replay or late flows show at once.
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'

import { manifestName } from '../../store/archive/entry.ts'
import { isCallerMasked } from '../access/masking.ts'

/**
 * Labels may change, and so may totals on another machine: after this long an answer is built
 * again.
 */
const keptMs = 10_000
const answersMax = 256
/** Answers with more values are not cached: together at most some 200 MB. */
const valuesMax = 50_000

interface Kept {
  answer: unknown
  madeMs: number
  version: string
}

/** The text of cached answers, made when one is first used again. */
const texts = new WeakMap<object, string>()

/** An answer as JSON; for a cached answer it is made once. */
export function textOf(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null) return JSON.stringify(answer)
  const known = texts.get(answer)
  if (known === undefined) return JSON.stringify(answer)
  if (known !== '') return known
  const text = JSON.stringify(answer)
  texts.set(answer, text)
  return text
}

export class AnswerCache {
  readonly #manifests: readonly string[]
  readonly #now: () => number
  /** By query, oldest first. */
  readonly #kept = new Map<string, Kept>()

  /** `data` is the data folder. */
  constructor(data: string, now: () => number) {
    this.#manifests = ['archive', 'series'].map((folder) => join(data, folder, manifestName))
    this.#now = now
  }

  /**
   * The answer to a query, cached or new. Answers for masked roles are never cached, nor those with more `values` than
   * `valuesMax`.
   */
  async answer<Answer>(
    query: string,
    { isClosed, values }: { isClosed: boolean; values: (answer: Answer) => number },
    make: () => Promise<Answer>,
  ): Promise<Answer> {
    if (!isClosed || isCallerMasked()) return make()
    const version = this.#version()
    if (version === null) return make()
    const kept = this.#kept.get(query)
    const isFresh = kept?.version === version && this.#now() - kept.madeMs < keptMs
    if (isFresh) return kept.answer as Answer
    const answer = await make()
    this.#kept.delete(query)
    if (values(answer) > valuesMax) return answer
    if (typeof answer === 'object' && answer !== null) texts.set(answer, '')
    this.#kept.set(query, { answer, madeMs: this.#now(), version })
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > answersMax && oldest !== undefined) this.#kept.delete(oldest)
    return answer
  }

  /**
   * The files that the folder names (null without an archive): two system calls, which take less
   * time than waiting for a thread.
   */
  #version(): string | null {
    const [archive, series] = this.#manifests.map((path) => {
      const found = statSync(path, { bigint: true, throwIfNoEntry: false })
      return found ? `${found.ino} ${found.size} ${found.mtimeNs}` : null
    })
    return archive ? `${archive} ${series}` : null
  }
}
