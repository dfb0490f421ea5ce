/** A part of `npm run bench`. */
import type { Figure } from '../figure.ts'

export interface BenchOptions {
  /** Where made flows and series are kept, by this part and by others. */
  folder: string
  /** At full length and in all rounds, as figures are published. */
  isWhole: boolean
}

export type Part = (options: BenchOptions) => Promise<Figure[]>
