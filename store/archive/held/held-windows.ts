/**
 * Recently queried windows of held files: a page's queries on one window arrive together, and share
 * which flows belong to it, the numbers of their keys and their amounts by step.
 */
import type { NetworkSet } from '../../../flow/address.ts'
import { compilePredicate, type FlowPredicate } from '../../../flow/filter/predicate.ts'
import type { FlowWindow } from '../../flows.ts'
import type { Keys } from '../keys/keys.ts'
import type { HeldFlows } from './held-files.ts'
import { numberFlows, type Numbered } from './numbered.ts'
import { SelectedFlows, type PartsKept } from './selected-flows.ts'

/** A page uses two: one for its tables, one in whole steps for its series. */
const windowsMax = 3
/** How long an unused window is kept. */
const keptMs = 10_000
/** Parts kept per window, 8 bytes each. */
const partsMax = 2_000_000
/** Groupings kept with their numbers and results: twelve bytes per flow and end. */
const numberedMax = 4

type WindowQuery = Pick<FlowWindow, 'from' | 'to' | 'include' | 'filter'>

export class HeldWindow {
  readonly files: readonly HeldFlows[]
  readonly #query: WindowQuery
  readonly #predicate: FlowPredicate | null
  readonly #selected: SelectedFlows[] = []
  readonly #numbered = new Map<string, Promise<Numbered>>()
  readonly #parts: PartsKept = { left: partsMax }

  constructor(files: readonly HeldFlows[], query: WindowQuery) {
    this.files = files
    this.#query = query
    this.#predicate = query.filter ? compilePredicate(query.filter) : null
  }

  /** The flows of one file that belong to the window. */
  selected(file: number): SelectedFlows {
    return (this.#selected[file] ??= new SelectedFlows(this.files[file]!, this.#query, {
      predicate: this.#predicate,
      kept: this.#parts,
    }))
  }

  /** All of them with their key numbers: see numberFlows. `local` must be the same on every call. */
  numbered(keys: Keys, local: NetworkSet, onlyReported: boolean): Promise<Numbered> {
    const name = JSON.stringify([
      onlyReported,
      keys.ends.map((end) => [end, keys.columnDefinitions(end)]),
    ])
    const numbered = this.#numbered.get(name) ?? numberFlows(this, { keys, local, onlyReported })
    this.#numbered.delete(name)
    this.#numbered.set(name, numbered)
    const [oldest] = this.#numbered.keys()
    if (this.#numbered.size > numberedMax) this.#numbered.delete(oldest!)
    return numbered
  }
}

interface Kept {
  window: HeldWindow
  timer: NodeJS.Timeout
}

export class HeldWindows {
  /** By query, least recently used first. */
  readonly #kept = new Map<string, Kept>()

  /** The flows of files that belong to a window. */
  of(files: readonly HeldFlows[], { from, to, include, filter }: FlowWindow): HeldWindow {
    const key = JSON.stringify([from, to, include, filter])
    const kept = this.#kept.get(key)
    const isSame =
      kept?.window.files.length === files.length &&
      kept.window.files.every((file, i) => file === files[i])
    if (kept && isSame) {
      kept.timer.refresh()
      return kept.window
    }
    this.#evict(key)
    const window = new HeldWindow(files, { from, to, include, filter })
    const timer = setTimeout(() => this.#evict(key), keptMs).unref()
    this.#kept.set(key, { window, timer })
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > windowsMax) this.#evict(oldest!)
    return window
  }

  close(): void {
    for (const key of this.#kept.keys()) this.#evict(key)
  }

  #evict(key: string): void {
    clearTimeout(this.#kept.get(key)?.timer)
    this.#kept.delete(key)
  }
}
