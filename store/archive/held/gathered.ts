/**
 * Gathered flows (see gather.ts) shared between queries: a page sends seven for one window at once,
 * and more as users zoom into it and switch its views.
 */
import type { Filter } from '../../../flow/filter.ts'
import type { FlowWindow } from '../../flows.ts'
import type { HeldFlows } from './held-files.ts'

/** How long unused flows are kept, and the most rows in all, about 100 bytes each. */
const usualBounds = { keptMs: 60_000, rowsMax: 600_000 }

interface GatheredWindow extends Pick<FlowWindow, 'from' | 'to' | 'filter'> {
  /** The files they come from. */
  paths: readonly string[]
}

interface Gathered {
  filter: string
  from: number
  to: number
  paths: ReadonlySet<string>
  /** Null: there are too many. */
  flows: Promise<HeldFlows[] | null>
  isTooMuch: boolean
  /** The flows that are ready. */
  held: readonly HeldFlows[]
  timer: NodeJS.Timeout
}

export class GatheredFlows {
  readonly #onEvict: (flows: HeldFlows) => void
  readonly #bounds: typeof usualBounds
  /** How many queries are in progress, by filter. */
  readonly #asking = new Map<string, number>()
  /** Least recently used first. */
  readonly #kept = new Set<Gathered>()

  /** `onEvict` is called with flows that are no longer held. */
  constructor(onEvict: (flows: HeldFlows) => void, bounds: Partial<typeof usualBounds> = {}) {
    this.#onEvict = onEvict
    this.#bounds = { ...usualBounds, ...bounds }
  }

  /**
   * Answers a query through `answer`, which gets the flows that pass a window's filter, perhaps with others of
   * the same filter around it: flows already held, or being gathered, or the result of `gather`. It gets null
   * if there are too many, or if no other query uses that filter: gathering takes longer than reading once.
   * @throws what `gather` or `answer` throws
   */
  async ask<Answer>(
    window: GatheredWindow,
    gather: () => Promise<HeldFlows[] | null>,
    answer: (flows: HeldFlows[] | null) => Promise<Answer>,
  ): Promise<Answer> {
    const text = textOf(window.filter)
    const asking = this.#asking.get(text) ?? 0
    this.#asking.set(text, asking + 1)
    try {
      return await answer(await this.#take(window, gather))
    } finally {
      const left = this.#asking.get(text)! - 1
      if (left > 0) this.#asking.set(text, left)
      else this.#asking.delete(text)
    }
  }

  async #take(
    window: GatheredWindow,
    gather: () => Promise<HeldFlows[] | null>,
  ): Promise<HeldFlows[] | null> {
    for (;;) {
      const found = this.#find(window)
      if (!found && this.#asking.get(textOf(window.filter)) === 1) return null
      const gathered = found ?? this.#begin(window, gather)
      this.#kept.delete(gathered)
      this.#kept.add(gathered)
      gathered.timer.refresh()
      try {
        const flows = await gathered.flows
        // Even if the whole window has too many, a part of it may have few enough.
        if (flows !== null || isOf(gathered, window)) return flows
      } catch (error) {
        // The query that gathered for others may have been aborted: they then gather themselves.
        if (!found) throw error
      }
    }
  }

  /** Releases everything. */
  close(): void {
    for (const gathered of this.#kept) this.#evict(gathered)
  }

  #find({ from, to, filter, paths }: GatheredWindow): Gathered | undefined {
    const text = textOf(filter)
    return [...this.#kept].find(
      (each) =>
        each.filter === text &&
        (each.isTooMuch ? isOf(each, { from, to }) : each.from <= from && each.to >= to) &&
        paths.every((path) => each.paths.has(path)),
    )
  }

  #begin(
    { from, to, filter, paths }: GatheredWindow,
    gather: () => Promise<HeldFlows[] | null>,
  ): Gathered {
    const flows = gather()
    const timer = setTimeout(() => this.#evict(gathered), this.#bounds.keptMs).unref()
    const gathered: Gathered = {
      filter: textOf(filter),
      from,
      to,
      paths: new Set(paths),
      flows,
      isTooMuch: false,
      held: [],
      timer,
    }
    flows.then(
      (held) => {
        gathered.isTooMuch = held === null
        gathered.held = held ?? []
        this.#bound()
      },
      () => this.#evict(gathered),
    )
    return gathered
  }

  #bound(): void {
    let rows = [...this.#kept].reduce((sum, gathered) => sum + rowsOf(gathered), 0)
    for (const gathered of this.#kept) {
      if (rows <= this.#bounds.rowsMax) return
      rows -= rowsOf(gathered)
      this.#evict(gathered)
    }
  }

  #evict(gathered: Gathered): void {
    clearTimeout(gathered.timer)
    if (this.#kept.delete(gathered)) for (const flows of gathered.held) this.#onEvict(flows)
  }
}

/** Whether they were gathered for exactly this window. */
function isOf(gathered: Gathered, { from, to }: Pick<GatheredWindow, 'from' | 'to'>): boolean {
  return gathered.from === from && gathered.to === to
}

function textOf(filter: Filter | undefined): string {
  return JSON.stringify(filter)
}

function rowsOf({ held }: Gathered): number {
  return held.reduce((sum, { flows }) => sum + flows.count, 0)
}
