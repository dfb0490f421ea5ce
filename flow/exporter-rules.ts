/**
 * What an administrator sets for an exporter in the WEIR_NAMES file, besides its name: its sampling
 * interval, if it does not report it, which of its records count, and whose traffic is translated.
 *
 *     exporters:
 *       10.0.0.1: { name: edge, sampling: 1000, counts: ingress }
 */

/**
 * Which records of an exporter are kept: all; only ingress or only egress by flowDirection (element
 * 61), for exporters that report each flow on both of its interfaces; or none, if another exporter
 * reports the same traffic.
 */
const countedRecords = ['both', 'ingress', 'egress', 'none'] as const
export type CountedRecords = (typeof countedRecords)[number]

/**
 * The destination of translated traffic: as the exporter reports it, or the private address after translation, for
 * exporters that report packets as they arrive at them.
 */
const translatedHosts = ['reported', 'inside'] as const
type TranslatedHosts = (typeof translatedHosts)[number]

export interface ExporterRules {
  /** 1 in this many packets, overriding what the exporter reports; null: as reported. */
  sampling: number | null
  counts: CountedRecords
  hosts: TranslatedHosts
}

/** The rules for an exporter that has none in the file. */
export const noRules: ExporterRules = { sampling: null, counts: 'both', hosts: 'reported' }

/** Greatest sampling interval: what the archive's column can hold. */
export const samplingMax = 2 ** 32 - 1

/** The rules in the file, and their faults, each with what to write instead. */
export function readRules(given: { sampling?: unknown; counts?: unknown; hosts?: unknown }): {
  rules: ExporterRules
  faults: string[]
} {
  const { sampling, counts, hosts } = given
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
  const translated = translatedHosts.find((word) => word === hosts)
  if (translated) rules.hosts = translated
  else if (hosts !== undefined)
    faults.push(`hosts ${JSON.stringify(hosts)}: write ${translatedHosts.join(', ')}`)
  return { rules, faults }
}

function isRate(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= samplingMax
}
