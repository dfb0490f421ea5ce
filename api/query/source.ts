/** The source of a series, and its step. */
import { intervalMs, intervalStart, type Tier } from '../../flow/interval.ts'
import { badQuery } from '../errors.ts'

/** The archive's steps, in ms. */
const archiveStepsMs = [1, 2, 5, 10, 30, 60, 300].map((seconds) => seconds * 1000)
/**
 * Further steps that the archive serves where no tier can: with a filter, or for unusual splits.
 */
const archiveLongStepsMs = [1800, 7200, 86_400].map((seconds) => seconds * 1000)

/** The longest window that uses the archive without being asked to. */
const archiveWindowMaxMs = 6 * 3_600_000
/** The most rows read for such a window. */
const archiveRowsMax = 50_000_000
/** The most steps of an answer. */
export const stepsMax = 100_000
/** The most values of an answer: steps × series. */
export const valuesMax = 4_000_000

/** What is stored, as far as the choice depends on it. Times are unix ms. */
export interface Stored {
  tiers: { tier: Tier; extent: { from: number; to: number } | null }[]
  archive: {
    rows: number
    first: number | null
    last: number | null
    /** It has no flows yet: those of the window are still to be sent. */
    awaitsFlows?: boolean
  }
}

export interface Wanted {
  from: number
  to: number
  /** The most steps if no step is asked for. */
  points: number
  stepMs: number | undefined
  /**
   * How to ask without the parts only the archive can answer, such as a filter; empty if totals can
   * answer too.
   */
  withoutArchive: readonly string[]
}

export type Source =
  | { kind: 'tier'; tier: Tier; remark?: string }
  | { kind: 'archive'; stepMs: number; remark?: string }

/**
 * Chooses a source as the contract says: the finest that `points` and the stored data allow.
 * @throws ApiError if only the archive could answer and it does not go back far enough, or the step
 * is too long or too fine
 */
export function chooseSource(wanted: Wanted, stored: Stored): Source {
  const source =
    wanted.withoutArchive.length > 0
      ? fromArchive(wanted, stored)
      : wanted.stepMs === undefined
        ? byPoints(wanted, stored)
        : byStep(wanted, stored)
  refuseTooMany(wanted, source.kind === 'tier' ? source.tier.stepMs : source.stepMs)
  return source
}

function fromArchive(wanted: Wanted, stored: Stored): Source {
  const steps = [...archiveStepsMs, ...archiveLongStepsMs]
  const { archive } = stored
  const isOutside =
    archive.first === null
      ? archive.awaitsFlows !== true && stored.tiers.some(({ extent }) => extent !== null)
      : archive.first >= wanted.to
  if (isOutside)
    throw badQuery(
      'beyond-archive',
      archive.first === null
        ? 'the flow archive holds no flows'
        : `the flow archive begins at ${new Date(archive.first).toISOString()}, after the window`,
      `${wanted.withoutArchive.join(', and ')}: those totals are kept for longer`,
    )
  const stepMs =
    wanted.stepMs === undefined
      ? (steps.find((step) => fits(wanted, step)) ?? steps.at(-1)!)
      : atLeast(steps, wanted.stepMs)
  if (archive.first === null || archiveCovers(wanted, stored)) return { kind: 'archive', stepMs }
  const remark = `the flow archive begins at ${new Date(archive.first).toISOString()}`
  return { kind: 'archive', stepMs, remark }
}

function byStep(wanted: Wanted, stored: Stored): Source {
  const tiers = stored.tiers.map(({ tier }) => tier)
  const finest = tiers[0]!.stepMs
  const steps = [...archiveStepsMs.filter((step) => step < finest), ...tiers.map((t) => t.stepMs)]
  const stepMs = atLeast(steps, wanted.stepMs!)
  const tier = tiers.find((each) => each.stepMs === stepMs)
  if (tier) return withReach(wanted, stored, tier)
  if (archiveCovers(wanted, stored)) return { kind: 'archive', stepMs }
  return {
    ...withReach(wanted, stored, tiers[0]!),
    remark: 'the flow archive does not cover the window; the finest totals kept are shown',
  }
}

function byPoints(wanted: Wanted, stored: Stored): Source {
  const stepMs = archiveStepsMs.find((step) => fits(wanted, step))
  if (
    stepMs !== undefined &&
    wanted.to - wanted.from <= archiveWindowMaxMs &&
    stored.archive.rows <= archiveRowsMax &&
    archiveCovers(wanted, stored)
  )
    return { kind: 'archive', stepMs }
  const fitting = stored.tiers.filter(({ tier }) => fits(wanted, tier.stepMs))
  const isEmpty = stored.tiers.every(({ extent }) => extent === null)
  const reaching = fitting.find(({ tier }) => isEmpty || reaches(wanted, stored, tier))
  const chosen = reaching ?? fitting.at(-1) ?? stored.tiers.at(-1)!
  return withReach(wanted, stored, chosen.tier)
}

function fits({ from, to, points }: Wanted, stepMs: number): boolean {
  return (to - from) / stepMs <= points
}

function atLeast(steps: readonly number[], least: number): number {
  const step = steps.find((each) => each >= least)
  if (step !== undefined) return step
  const longest = steps.at(-1)! / 1000
  throw badQuery(
    'step-too-long',
    `no step is as long as ${least / 1000} s`,
    `ask for a step of at most ${longest} s`,
  )
}

/**
 * Whether the archive holds all that is stored of the window: it goes back to its start, or as far
 * as the finest totals do if these go back as far as any. Totals begin with an interval, flows
 * within it.
 */
function archiveCovers(wanted: Wanted, stored: Stored): boolean {
  const { first, last } = stored.archive
  if (first === null || last === null || last <= wanted.from) return false
  if (first <= wanted.from) return true
  const finest = stored.tiers[0]
  if (!finest?.extent) return stored.tiers.every(({ extent }) => extent === null)
  return first < finest.extent.from + 2 * intervalMs && reaches(wanted, stored, finest.tier)
}

/** Whether a tier goes back as far in the window as any coarser tier. */
export function reaches({ from }: { from: number }, { tiers }: Pick<Stored, 'tiers'>, tier: Tier) {
  const own = tiers.find((each) => each.tier.name === tier.name)?.extent
  if (!own) return false
  if (own.from <= from) return true
  return tiers.every(
    ({ tier: other, extent }) =>
      !extent ||
      other.stepMs <= tier.stepMs ||
      intervalStart(own.from, other.stepMs) <= extent.from,
  )
}

function withReach(wanted: Wanted, stored: Stored, tier: Tier): Source {
  if (reaches(wanted, stored, tier)) return { kind: 'tier', tier }
  const own = stored.tiers.find((each) => each.tier.name === tier.name)?.extent
  if (!own) return { kind: 'tier', tier }
  const remark = `${tier.name} totals begin at ${new Date(own.from).toISOString()}`
  return { kind: 'tier', tier, remark }
}

function refuseTooMany({ from, to, stepMs: wantedMs }: Wanted, stepMs: number): void {
  const count = Math.ceil((to - from) / stepMs)
  if (count <= stepsMax) return
  throw badQuery(
    'too-many-steps',
    `${count} steps of ${(wantedMs ?? stepMs) / 1000} s are more than ${stepsMax}`,
    `ask for a step of at least ${Math.ceil((to - from) / stepsMax / 1000)} s, or for less time`,
  )
}
