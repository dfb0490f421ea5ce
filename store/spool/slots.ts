/** Limits concurrency; the others wait in line. */
export class Slots {
  readonly #max: number
  readonly #line: (() => void)[] = []
  #taken = 0

  constructor(max: number) {
    this.#max = max
  }

  get taken(): number {
    return this.#taken
  }

  async run<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#taken >= this.#max) await new Promise<void>((resolve) => this.#line.push(resolve))
    else this.#taken++
    try {
      return await work()
    } finally {
      // The slot is handed over directly, so that nobody jumps the queue.
      const next = this.#line.shift()
      if (next) next()
      else this.#taken--
    }
  }
}
