/** Recent values of losses and the disk, by alert and key. No store has them, and nothing changes them. */
import type { KeptAlert } from '../../store/alert.ts'
import type { Described } from './described.ts'

/** Values are kept this long: the most that an alert can call usual. */
const recentMs = 24 * 3_600_000

interface Row {
  /** As evaluated, oldest first: the last normal one, and the run since. */
  described: Described[]
  /** Their values and those before them, oldest first; empty if the alert compares with none. */
  values: number[]
}

export class RecentValues {
  readonly #rows = new Map<string, Row>()

  /** The values known so far of a key of an alert, oldest first. */
  valuesOf(alert: string, key: string): readonly number[] {
    return this.#rows.get(rowOf(alert, key))?.values ?? []
  }

  /** Adds what was evaluated now; returns the last `count` of the key since the last normal one, oldest first. */
  add(
    alert: { id: string; body: Pick<KeptAlert, 'condition'> },
    now: readonly Described[],
    { key, count }: { key: string; count: number },
  ): Described[] {
    const row = rowOf(alert.id, key)
    const { described, values } = this.#rows.get(row) ?? { described: [], values: [] }
    const { condition } = alert.body
    const compared = condition?.is === 'unusual' ? condition.observations : 0
    const last = [...described, ...now].slice(-count)
    const latest = last.slice(
      Math.max(
        0,
        last.findLastIndex(({ isAmiss }) => !isAmiss),
      ),
    )
    const all = [...values, ...now.map(({ value }) => value)]
    this.#rows.set(row, { described: latest, values: compared === 0 ? [] : all.slice(-compared) })
    return latest
  }

  /** Drops what is too old, and what nothing is left of: exporters come and go. */
  forgetOld(nowMs: number): void {
    for (const [row, held] of this.#rows) {
      held.described = held.described.filter(({ interval }) => isRecent(interval, nowMs))
      if (held.described.length === 0) this.#rows.delete(row)
    }
  }

  /** Drops all values of an alert. */
  forget(alert: string): void {
    for (const row of this.#rows.keys())
      if (row.startsWith(rowOf(alert, ''))) this.#rows.delete(row)
  }

  clear(): void {
    this.#rows.clear()
  }
}

/** Whether an interval is still compared with, or may be reported. */
export function isRecent(interval: number, nowMs: number): boolean {
  return interval >= nowMs - recentMs
}

function rowOf(alert: string, key: string): string {
  return `${alert} ${key}`
}
