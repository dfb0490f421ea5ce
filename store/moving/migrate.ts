/**
 * Copies series from one store to another, range by range, then reads them back from both and
 * compares. The caller records the progress, so that an interrupted migration can continue.
 */
import type { Tier } from '../../flow/interval.ts'
import { fieldNames, measurementNames } from '../measurement.ts'
import type { SeriesReader, SeriesStore, StepRows } from '../series.ts'

/** Steps per range: bounds memory and repeated work. */
const stepsAtOnce = 288
/**
 * Rows per write, approximately, and never more steps than a range has: small steps are written many at a time.
 */
const rowsAWrite = 50_000

export interface Stretch {
  tier: Tier
  from: number
  to: number
}

/** The result of copying a range. */
interface Copied extends Stretch {
  steps: number
  rows: number
  /** Steps that the target already had with other figures than the source: left unchanged. */
  skipped: number
}

export interface CopyOptions {
  /**
   * True: the source is right, and differing steps of the target are replaced. Absent: steps that
   * the target already has are left unchanged, and reported if they differ.
   */
  replaces?: boolean
  /**
   * Whether a step has been written to both stores since the range was begun: it is neither copied nor
   * compared.
   */
  isWritten?: (step: { time: number; exporter: string }) => boolean
  /** Called after each write, for callers that need the thread for something else too. */
  rest?: () => Promise<void>
  /** Rejects to end the wait until the target has what was written. */
  ended?: Promise<never>
}

export class NotTheSame extends Error {
  constructor(stretch: Stretch, what: string) {
    const at = new Date(stretch.from).toISOString()
    super(`tier ${stretch.tier.name} from ${at}: what was copied is not what is there: ${what}`)
    this.name = 'NotTheSame'
  }
}

/** The ranges of a tier in which the source has data, oldest first, from a time on (unix ms). */
export async function* stretchesOf(
  source: SeriesReader,
  tier: Tier,
  fromMs: number,
): AsyncGenerator<Stretch> {
  const extent = await source.extent(tier)
  if (!extent) return
  const length = stepsAtOnce * tier.stepMs
  const end = extent.to + tier.stepMs
  for (let from = Math.max(fromMs, extent.from); from < end; from += length)
    yield { tier, from, to: Math.min(from + length, end) }
}

/** Copies what the target lacks of a range, and compares both. @throws NotTheSame */
export async function copyStretch(
  source: SeriesReader,
  target: SeriesStore,
  stretch: Stretch,
  options: CopyOptions = {},
): Promise<Copied> {
  const { replaces = false, isWritten = () => false, ended } = options
  const wanted = await source.coverage(stretch)
  const there = replaces
    ? await sameOf(source, target, stretch)
    : new Set((await target.coverage(stretch)).map(nameOf))
  const lacking = wanted.filter((each) => !there.has(nameOf(each)))
  const copied: Copied = { ...stretch, steps: 0, rows: 0, skipped: 0 }
  const exporters = new Set(lacking.map((each) => each.exporter))
  await copySteps({ source, target, exporters, there, copied }, options)
  if (target.settled) await Promise.race([target.settled(), ...(ended ? [ended] : [])])
  const same = await sameOf(source, target, stretch)
  for (const each of wanted) {
    if (same.has(nameOf(each)) || isWritten(each)) continue
    if (replaces || !there.has(nameOf(each))) throw new NotTheSame(stretch, nameOf(each))
    copied.skipped++
  }
  return copied
}

interface Copying {
  source: SeriesReader
  target: SeriesStore
  exporters: ReadonlySet<string>
  /** Names of the steps that the target has already. */
  there: ReadonlySet<string>
  copied: Copied
}

/** Copies the steps of some exporters that are not there yet, in batches, and counts them in `copied`. */
async function copySteps(
  { source, target, exporters, there, copied }: Copying,
  { isWritten = () => false, rest }: CopyOptions,
): Promise<void> {
  const { tier, from, to } = copied
  let batch: StepRows[] = []
  let rows = 0
  const flush = async () => {
    // No await may come between this check and the write: see DoubledSeries.
    const steps = batch.filter(({ coverage }) => !isWritten(coverage))
    batch = []
    rows = 0
    if (steps.length > 0) await target.write(tier, steps)
    copied.steps += steps.length
    for (const step of steps) copied.rows += rowsOf(step)
    await rest?.()
  }
  for (const exporter of exporters)
    for await (const step of source.steps({ tier, from, to, exporter })) {
      if (there.has(nameOf(step.coverage))) continue
      batch.push(step)
      rows += rowsOf(step)
      if (rows >= rowsAWrite) await flush()
    }
  if (batch.length > 0) await flush()
}

function rowsOf({ measurements }: StepRows): number {
  return measurements.reduce((sum, { count }) => sum + count, 0)
}

/** The steps of a range that are the same in both, by name. */
export async function sameOf(
  one: SeriesReader,
  other: SeriesReader,
  stretch: Stretch,
): Promise<Set<string>> {
  const [ours, theirs] = await Promise.all([
    fingerprints(one, stretch),
    fingerprints(other, stretch),
  ])
  return new Set(
    [...ours].filter(([name, text]) => theirs.get(name) === text).map(([name]) => name),
  )
}

/**
 * A fingerprint of each step: its coverage, and for each measurement the number of rows and all sums.
 */
async function fingerprints(store: SeriesReader, stretch: Stretch): Promise<Map<string, string>> {
  const steps = new Map<string, string>()
  for (const each of await store.coverage(stretch)) steps.set(nameOf(each), JSON.stringify(each))
  for (const measurement of measurementNames) {
    const read = await store.read({ ...stretch, measurement, by: [], keys: [] })
    for (let row = 0; row < read.count; row++) {
      const name = nameOf({
        time: read.time[row]!,
        exporter: read.exporters[read.exporter[row]!]!,
      })
      const figures = [read.sum, read.max, read.unknown].flatMap((columns) =>
        fieldNames.map((field) => columns[field][row]),
      )
      const text = [measurement, read.parts[row], read.known[row], ...figures].join()
      steps.set(name, `${steps.get(name)} ${text}`)
    }
  }
  return steps
}

/** The display name of a step. */
export function nameOf({ time, exporter }: { time: number; exporter: string }): string {
  return `${exporter} at ${new Date(time).toISOString()}`
}
