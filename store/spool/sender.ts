/** Sends the contents of the spool to the store, oldest write first. */
import type { StoreStatus } from '../../flow/status.ts'
import type { StepRows } from '../series.ts'
import { Delivery, type LineStore } from './delivery.ts'
import { Pause } from './pause.ts'
import { orAborted } from '../or-aborted.ts'
import type { Quarantine } from './quarantine.ts'
import type { SpoolEntry } from './entry.ts'
import type { Spool } from './spool.ts'

/** Rows of the steps sent together: bounds memory. */
const groupRowsMax = 40_000
/** `settled` gives up when nothing has got through for this long. */
const patienceMs = 60_000

/** A step to be sent. */
export interface LoadedStep {
  entry: SpoolEntry
  step: StepRows
}

/** Lines for one bucket or table. */
export interface LineBatch {
  target: string
  lines: readonly string[]
}

/** A remote store as the sender needs it. */
export interface SpooledStore extends LineStore {
  kind: StoreStatus['kind']
  url: string
  /** The lines of steps of one tier: each batch is delivered completely before the next begins. */
  batches(steps: readonly LoadedStep[]): Promise<readonly LineBatch[]>
  /** Whether a step is too old for the store, by the clock: its rows are counted but not sent. */
  isTooOld?(entry: SpoolEntry, nowMs: number): boolean
  figures(): StoreStatus['requests']
}

interface SenderParts {
  spool: Spool
  store: SpooledStore
  quarantine: Quarantine
  now: () => number
}

export class Sender {
  readonly pause: Pause
  readonly #parts: SenderParts
  readonly #delivery: Delivery
  readonly #ending = new AbortController()
  readonly #waiters = new Set<() => void>()
  #wake: () => void = () => undefined
  #running: Promise<void> | null = null
  #lastError: string | null = null

  constructor(parts: SenderParts) {
    const { store, quarantine, spool, now } = parts
    this.#parts = parts
    this.pause = new Pause(now)
    this.#delivery = new Delivery({
      store,
      pause: this.pause,
      quarantine,
      counted: spool,
      now,
      signal: this.#ending.signal,
    })
  }

  /** Starts, or continues because there is more. */
  wake(): void {
    this.#running ??= this.#run()
    this.#wake()
  }

  /**
   * Resolves when the store has everything that was in the spool.
   * @throws StoreFault when nothing has got through for a minute
   */
  async settled(): Promise<void> {
    const { spool } = this.#parts
    while (spool.pendingCount > 0) {
      this.wake()
      const { fault, waitedMs } = this.pause
      if (fault && waitedMs > patienceMs) throw fault
      await this.#nextGroup(1000)
    }
  }

  /** Ends within about `graceMs`; what is not sent by then stays in the spool. */
  async close(graceMs: number): Promise<void> {
    const { spool } = this.#parts
    const deadline = performance.now() + graceMs
    while (spool.pendingCount > 0 && !this.pause.fault && performance.now() < deadline)
      await this.#nextGroup(Math.max(1, deadline - performance.now()))
    this.#ending.abort()
    this.#wake()
    await this.#running
  }

  status(): StoreStatus {
    const { spool, store } = this.#parts
    const { fault, since, retryAt } = this.pause
    const oldest = spool.oldestPending
    return {
      kind: store.kind,
      url: store.url,
      waiting: fault && {
        reason: fault.message,
        remedy: fault.remedy,
        since: since / 1000,
        retryAt: retryAt / 1000,
      },
      spool: {
        steps: spool.pendingCount,
        bytes: spool.bytes,
        bytesMax: spool.bytesMax,
        oldest: oldest === null ? null : oldest / 1000,
      },
      points: { ...spool.durablePoints },
      missing: Object.entries(spool.missing).flatMap(([tier, stretches]) =>
        stretches.map(([from, to]) => ({ tier, from: from / 1000, to: to / 1000 })),
      ),
      notTakenAt: Object.fromEntries(
        Object.entries(spool.notTakenMs).map(([reason, ms]) => [reason, ms / 1000]),
      ),
      requests: store.figures(),
      lastError: this.#lastError,
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending
    while (!signal.aborted) {
      const group = this.#parts.spool.nextGroup(groupRowsMax)
      if (group.length === 0) {
        await new Promise<void>((resolve) => (this.#wake = resolve))
        continue
      }
      try {
        await this.#send(group)
      } catch (error) {
        if (signal.aborted) return
        // Either the read from the store failed or the disk did: both are retried.
        const fault = this.#parts.store.faultOf(error, this.#parts.now())
        this.#lastError = fault.message
        this.pause.begin(fault)
        await this.#nextGroup(this.pause.leftMs)
      }
      for (const wake of this.#waiters) wake()
    }
  }

  /** Waits until a group has been sent, at most this long. */
  async #nextGroup(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, ms)
      const waiters = this.#waiters
      const { signal } = this.#ending
      function done() {
        clearTimeout(timer)
        waiters.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      waiters.add(done)
      signal.addEventListener('abort', done)
    })
  }

  async #send(group: readonly SpoolEntry[]): Promise<void> {
    const { spool, store, now } = this.#parts
    const loaded = await this.#load(await spool.begin(group))
    const nowMs = now()
    const isTooOld = ({ entry }: LoadedStep) => store.isTooOld?.(entry, nowMs) === true
    const { young = [], old = [] } = Object.groupBy(loaded, (each) =>
      isTooOld(each) ? 'old' : 'young',
    )
    if (young.length > 0)
      for (const { target, lines } of await orAborted(store.batches(young), this.#ending.signal))
        await this.#delivery.deliver(target, lines)
    const entriesOf = (steps: readonly LoadedStep[]) => steps.map(({ entry }) => entry)
    await spool.finish(entriesOf(loaded), entriesOf(old))
  }

  async #load(group: readonly SpoolEntry[]): Promise<LoadedStep[]> {
    const { spool } = this.#parts
    const loaded: LoadedStep[] = []
    for (const entry of group) {
      const step = await spool.load(entry.now)
      if (step) loaded.push({ entry, step })
      else {
        this.#lastError = `a step in the spool cannot be read any more: ${entry.file}`
        await spool.lose(entry)
      }
    }
    return loaded
  }
}
