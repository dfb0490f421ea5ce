/**
 * What an administrator says of an exporter in the file of WEIR_NAMES, besides its name: how it
 * samples, where it does not say so itself, and which of its records count.
 *
 *     exporters:
 *       10.0.0.1: { name: edge, sampling: 1000, counts: ingress }
 */

/**
 * Which records of an exporter are kept: all; those of packets that came in, or that went out, by
 * flowDirection (element 61), where each flow is reported on both of its interfaces; or none, where
 * another exporter reports the same traffic.
 */
const countedRecords = ['both', 'ingress', 'egress', 'none'] as const
export type CountedRecords = (typeof countedRecords)[number]

export interface ExporterRules {
  /** 1 of so many packets, in place of all that the exporter says; null: what it says. */
  sampling: number | null
  counts: CountedRecords
}

/** What holds for an exporter of which nothing is said. */
export const noRules: ExporterRules = { sampling: null, counts: 'both' }

/** Greatest sampling rate: what the archive's column can hold. */
export const samplingMax = 2 ** 32 - 1

/** The rules as the file gives them, and the faults in them, each with what to write instead. */
export function readRules(given: { sampling?: unknown; counts?: unknown }): {
  rules: ExporterRules
  faults: string[]
} {
  const { sampling, counts } = given
  const faults: string[] = []
  const rules = { ...noRules }
  if (isRate(sampling)) rules.sampling = sampling
  else if (sampling !== undefined)
    faults.push(
      `sampling ${JSON.stringify(sampling)}: write a whole number from 1: 1 of so many packets`,
    )
  const found = countedRecords.find((word) => word === counts)
  if (found) rules.counts = found
  else if (counts !== undefined)
    faults.push(`counts ${JSON.stringify(counts)}: write ${countedRecords.join(', ')}`)
  return { rules, faults }
}

function isRate(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= samplingMax
}
