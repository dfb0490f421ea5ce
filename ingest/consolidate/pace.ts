/** How often steps are made again: a day that changes every minute is made every half hour. */
import type { Tier } from '../../flow/interval.ts'
import { nameOf, type RedoStep } from './redo.ts'

/** A step is made at most this many times in its own length; meanwhile it waits on the list. */
const makingsPerStep = 48

export class Pace {
  /** By step name, unix ms. */
  readonly #madeAt = new Map<string, number>()
  readonly #stepMsOf: ReadonlyMap<string, number>

  constructor(tiers: readonly Tier[]) {
    this.#stepMsOf = new Map(tiers.map(({ name, stepMs }) => [name, stepMs]))
  }

  /** Whether a step may be made now (unix ms). */
  isDue(step: RedoStep, nowMs: number): boolean {
    const madeAt = this.#madeAt.get(nameOf(step))
    // A time in the future is from before the clock was set back.
    if (madeAt === undefined || madeAt > nowMs) return true
    const { stepMs } = step.tier
    const end = step.time + stepMs
    // A step that has closed since is made once more at once: readers take it as complete.
    return madeAt + stepMs / makingsPerStep <= nowMs || (madeAt < end && end <= nowMs)
  }

  made(steps: readonly RedoStep[], nowMs: number): void {
    for (const step of steps) this.#madeAt.set(nameOf(step), nowMs)
  }

  /** Forgets steps that are no longer listed and could be made again. */
  forget(listed: ReadonlySet<string>, nowMs: number): void {
    for (const [name, madeAt] of this.#madeAt) {
      const stepMs = this.#stepMsOf.get(name.split(' ')[0]!) ?? 0
      const isFree = madeAt > nowMs || madeAt + stepMs / makingsPerStep <= nowMs
      if (isFree && !listed.has(name)) this.#madeAt.delete(name)
    }
  }
}
