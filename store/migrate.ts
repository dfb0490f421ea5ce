/**
 * Series from one store to another, a stretch of time after the other: copied, read back from both,
 * and compared. How far that came is kept by the caller, so that what broke off goes on.
 */
import type { Tier } from '../flow/interval.ts'
import { fieldNames, measurementNames } from './measurement.ts'
import type { Coverage, SeriesReader, SeriesStore, StepRows } from './series.ts'

/** Steps of one stretch: bounds memory and how much is done again. */
const stepsAtOnce = 288
/** Steps of one write. */
const stepsAWrite = 24

export interface Stretch {
  tier: Tier
  from: number
  to: number
}

/** What became of a stretch. */
export interface Copied extends Stretch {
  steps: number
  rows: number
  /** Steps that the target had already, of which it has other figures than the source: they were left as they are. */
  left: number
}

export class NotTheSame extends Error {
  constructor(stretch: Stretch, what: string) {
    const at = new Date(stretch.from).toISOString()
    super(`tier ${stretch.tier.name} from ${at}: what was copied is not what is there: ${what}`)
    this.name = 'NotTheSame'
  }
}

/** The stretches of a tier in which the source has anything, the oldest first, from a time on (unix ms). */
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

/**
 * Copies what the target does not have of a stretch, and compares both.
 * @throws NotTheSame
 */
export async function copyStretch(
  source: SeriesReader,
  target: SeriesStore,
  stretch: Stretch,
): Promise<Copied> {
  const { tier, from, to } = stretch
  const wanted = await source.coverage(stretch)
  const before = new Set((await target.coverage(stretch)).map(nameOf))
  const copied: Copied = { ...stretch, steps: 0, rows: 0, left: 0 }
  let batch: StepRows[] = []
  const flush = async () => {
    await target.write(tier, batch)
    batch = []
  }
  for (const exporter of new Set(wanted.map((each) => each.exporter)))
    for await (const step of source.steps({ tier, from, to, exporter })) {
      if (before.has(nameOf(step.coverage))) continue
      batch.push(step)
      copied.steps++
      copied.rows += step.measurements.reduce((sum, { count }) => sum + count, 0)
      if (batch.length >= stepsAWrite) await flush()
    }
  if (batch.length > 0) await flush()
  await target.settled?.()
  await compare(source, target, { stretch, wanted, before, copied })
  return copied
}

async function compare(
  source: SeriesReader,
  target: SeriesStore,
  asked: {
    stretch: Stretch
    wanted: readonly Coverage[]
    before: ReadonlySet<string>
    copied: Copied
  },
): Promise<void> {
  const { stretch, wanted, before, copied } = asked
  const [one, other] = await Promise.all([
    fingerprints(source, stretch),
    fingerprints(target, stretch),
  ])
  for (const each of wanted) {
    const name = nameOf(each)
    if (one.get(name) === other.get(name)) continue
    if (!before.has(name)) throw new NotTheSame(stretch, name)
    copied.left++
  }
}

/** What is told of each step: its coverage, and of each measurement the number of rows and all sums. */
async function fingerprints(store: SeriesReader, stretch: Stretch): Promise<Map<string, string>> {
  const told = new Map<string, string>()
  for (const each of await store.coverage(stretch)) told.set(nameOf(each), JSON.stringify(each))
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
      told.set(name, `${told.get(name)} ${text}`)
    }
  }
  return told
}

function nameOf({ time, exporter }: { time: number; exporter: string }): string {
  return `${exporter} at ${new Date(time).toISOString()}`
}
