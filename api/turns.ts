/** Limits how many works run at once: the others wait their turn, first come, first served. */

export class Turns {
  #running = 0
  readonly #runningMax: number
  /** What begins each waiting work, longest waiting first; their users limit how many. */
  readonly #waiting = new Set<() => void>()

  constructor(runningMax: number) {
    this.#runningMax = runningMax
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** Whether the next one to come would have to wait. */
  get isFull(): boolean {
    return this.#running >= this.#runningMax
  }

  /**
   * Waits for a turn, which `end` gives back; an aborted wait leaves the queue at once.
   * @throws the signal's reason if it is aborted before
   */
  async begin(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (!this.isFull) {
      this.#running++
      return
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const leave = () => {
      this.#waiting.delete(resolve)
      reject(signal!.reason)
    }
    this.#waiting.add(resolve)
    signal?.addEventListener('abort', leave, { once: true })
    await promise.finally(() => signal?.removeEventListener('abort', leave))
  }

  /** Passes a turn on to the one that has waited longest, before anybody else can take it. */
  end(): void {
    const [next] = this.#waiting
    if (!next) this.#running--
    else {
      this.#waiting.delete(next)
      next()
    }
  }
}
