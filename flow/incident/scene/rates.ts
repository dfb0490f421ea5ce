/** Amounts by second: flow counts spread evenly over their lifetimes, and statistics of such series. */
import type { Run } from './runs.ts'

/** Seconds [from, from + seconds × 1000), unix ms; `from` is a whole second. */
export interface Grid {
  from: number
  seconds: number
}

/** Storage for several series of a grid, one block per kind of number; pages of idle seconds stay unallocated. */
export class RatesStorage {
  readonly #grid: Grid
  readonly #edges: Float64Array<ArrayBuffer>
  readonly #slopes: Float64Array<ArrayBuffer>

  constructor(grid: Grid, series: number) {
    this.#grid = grid
    this.#edges = new Float64Array(series * grid.seconds)
    this.#slopes = new Float64Array(series * (grid.seconds + 2))
  }

  /** The amounts of series number `series`. */
  edge(series: number): Float64Array {
    const { seconds } = this.#grid
    return this.#edges.subarray(series * seconds, (series + 1) * seconds)
  }

  /** Changes, by second, of the amount that is added to every second from there on. */
  slope(series: number): Float64Array {
    const places = this.#grid.seconds + 2
    return this.#slopes.subarray(series * places, (series + 1) * places)
  }

  /** Frees the slopes, which are no longer needed once all series were taken. */
  free(): void {
    this.#slopes.buffer.transfer(0)
  }
}

/** Sums amounts spread over spans of time, each in constant time. */
export class Rates {
  readonly #grid: Grid
  readonly #edge: Float64Array
  readonly #slope: Float64Array

  /** `series` is its number among those sharing the storage. */
  constructor(grid: Grid, storage = new RatesStorage(grid, 1), series = 0) {
    this.#grid = grid
    this.#edge = storage.edge(series)
    this.#slope = storage.slope(series)
  }

  /** Spreads an amount over [first, last] (unix ms); parts outside the grid are dropped. */
  add(first: number, last: number, amount: number): void {
    const { from, seconds } = this.#grid
    const a = (first - from) / 1000
    if (last <= first) {
      if (a >= 0 && a < seconds) this.#edge[Math.floor(a)]! += amount
      return
    }
    const rate = (amount * 1000) / (last - first)
    const start = Math.max(0, a)
    const end = Math.min(seconds, (last - from) / 1000)
    if (end <= start) return
    const [s, e] = [Math.floor(start), Math.min(seconds - 1, Math.floor(end))]
    if (s === e) {
      this.#edge[s]! += rate * (end - start)
      return
    }
    this.#edge[s]! += rate * (s + 1 - start)
    this.#edge[e]! += rate * (end - e)
    this.#slope[s + 1]! += rate
    this.#slope[e]! -= rate
  }

  /** The amount of each second, computed in place: this object must not be used afterwards. */
  take(): Float64Array {
    const values = this.#edge
    let running = 0
    for (let t = 0; t < values.length; t++) {
      running += this.#slope[t]!
      // Residue of floating-point additions and subtractions counts as zero.
      const amount = Math.max(0, values[t]! + (Math.abs(running) < 1e-6 ? 0 : running))
      // Pages that are never written stay unallocated.
      if (amount !== values[t]) values[t] = amount
    }
    return values
  }
}

/** The mean over `width` seconds around each (odd widths are centred). */
export function smoothed(values: ArrayLike<number>, width: number): Float64Array {
  const sums = new Float64Array(values.length + 1)
  for (let t = 0; t < values.length; t++) sums[t + 1] = sums[t]! + values[t]!
  const before = Math.floor(width / 2)
  const means = new Float64Array(values.length)
  for (let t = 0; t < means.length; t++) {
    const from = Math.max(0, t - before)
    const to = Math.min(values.length, t - before + width)
    means[t] = (sums[to]! - sums[from]!) / (to - from)
  }
  return means
}

/** Longer series are judged by this many evenly spaced values: sorting all would take too long. */
const sampledMax = 600

/** The value below which the share `p` (0 to 1) of the values lies; 0 for no values. */
export function percentile(values: ArrayLike<number>, p: number): number {
  if (values.length === 0) return 0
  const every = Math.max(1, Math.ceil(values.length / sampledMax))
  const sorted = new Float64Array(Math.ceil(values.length / every))
  for (let i = 0; i < sorted.length; i++) sorted[i] = values[i * every]!
  sorted.sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))]!
}

/** The mean of seconds [from, to), clipped to the series; 0 if empty. */
export function mean(values: ArrayLike<number>, from: number, to: number): number {
  const [a, b] = [Math.max(0, from), Math.min(values.length, to)]
  let sum = 0
  for (let t = a; t < b; t++) sum += values[t]!
  return b > a ? sum / (b - a) : 0
}

/**
 * The second at which counts change from one rate to another, by maximum likelihood (Poisson): the
 * first second of the second rate, within [from, to].
 */
export function changeOf(
  counts: ArrayLike<number>,
  { from, to }: Run,
  { before, after }: { before: number; after: number },
): number {
  const least = 1e-3
  const step = Math.log(Math.max(least, before)) - Math.log(Math.max(least, after))
  const slope = Math.max(least, before) - Math.max(least, after)
  let best = from
  let bestScore = Number.NEGATIVE_INFINITY
  let score = 0
  for (let t = Math.max(0, from); t <= Math.min(counts.length, to); t++) {
    if (score > bestScore) {
      bestScore = score
      best = t
    }
    score += (counts[t] ?? 0) * step - slope
  }
  return best
}
