/** A progress line for a replay on a terminal; nothing if stderr is not a terminal. */

const everyMs = 100

export class Progress {
  #shownAt = 0

  /** Shows how many packets of a file have been read. */
  show({ path, packets }: { path: string; packets: number }): void {
    if (!process.stderr.isTTY || performance.now() - this.#shownAt < everyMs) return
    this.#shownAt = performance.now()
    process.stderr.write(`\r\x1b[K${path}: ${packets.toLocaleString('en-US')} packets`)
  }

  clear(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  }
}
