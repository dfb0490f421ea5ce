/** Warnings about exporters: what makes their figures wrong, and what to do. */
import type { ExporterStatus, Warning } from '../../flow/status.ts'
import { clockToleranceMs } from '../decode/limits.ts'

/** Most exporters named in one warning; the rest are counted. */
const namedMax = 5

interface Trouble {
  has: (exporter: ExporterStatus) => boolean
  /** The text after the exporters' addresses. */
  what: string
  remedy: string
}

const troubles: readonly Trouble[] = [
  {
    has: ({ sampling }) => sampling === null,
    what: 'samples packets, and what it exports does not tell the sampling rate of all its flows: their figures are too low by that factor',
    remedy:
      'have it export its sampler options and name the sampler in each record (docs/exporters), or set `sampling: RATE` for it under exporters in the WEIR_NAMES file',
  },
  {
    has: ({ clockSkewSeconds }) => Math.abs(clockSkewSeconds ?? 0) > clockToleranceMs / 1000,
    what: `has a clock that is more than ${clockToleranceMs / 60_000} minutes off: the times of its flows are corrected by the difference`,
    remedy: 'set its clock by NTP',
  },
  {
    has: ({ address, doubled }) => doubled.some((each) => each.with === address),
    what: 'reports flows both where they enter and where they leave: they count twice',
    remedy:
      'have it export ingress only, or set `counts: ingress` for it under exporters in the WEIR_NAMES file',
  },
  {
    has: ({ address, doubled }) => doubled.some((each) => each.with !== address),
    what: 'reports flows that another exporter reports too (see `doubled` in /api/exporters): sums over both count them twice',
    remedy:
      'look at one exporter at a time, or set `counts: none` for one of the two under exporters in the WEIR_NAMES file',
  },
]

/** One warning per problem, naming the exporters concerned. */
export function warningsOf(exporters: readonly ExporterStatus[]): Warning[] {
  return troubles.flatMap(({ has, what, remedy }) => {
    const found = exporters.filter(has).map(({ address }) => address)
    return found.length === 0 ? [] : [{ what: `${listOf(found)} ${what}`, remedy }]
  })
}

function listOf(addresses: readonly string[]): string {
  const named = addresses.slice(0, namedMax).join(', ')
  const rest = addresses.length - namedMax
  return rest > 0 ? `${named} and ${rest} more:` : `${named}:`
}
