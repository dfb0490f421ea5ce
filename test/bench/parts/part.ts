/** A part of `npm run bench`. */
import type { Figure } from '../figure.ts'

interface BenchOptions {
  /** Where generated flows and series are kept, for this part and others. */
  folder: string
  /** At full length and with all rounds, as for published figures. */
  isWhole: boolean
}

export type Part = (options: BenchOptions) => Promise<Figure[]>
