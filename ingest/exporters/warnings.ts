/** What an administrator should know of the exporters: what makes their figures wrong, and the remedy. */
import type { ExporterStatus, Warning } from '../../flow/status.ts'
import { clockToleranceMs } from '../decode/limits.ts'

/** Exporters named in one warning; the rest is a number. */
const namedMax = 5

interface Trouble {
  has: (exporter: ExporterStatus) => boolean
  /** What follows the exporters' addresses. */
  what: string
  remedy: string
}

const troubles: readonly Trouble[] = [
  {
    has: ({ sampling }) => sampling === null,
    what: 'samples packets and does not say at which rate: its figures are too low by that rate',
    remedy:
      'let it send its sampler options (docs/exporters), or give it `sampling: RATE` under exporters in the file of WEIR_NAMES',
  },
  {
    has: ({ clockSkewSeconds }) => Math.abs(clockSkewSeconds ?? 0) > clockToleranceMs / 1000,
    what: 'has a clock more than 5 minutes off: the times of its flows are corrected by the difference',
    remedy: 'set its clock by NTP',
  },
  {
    has: ({ address, doubled }) => doubled.some((each) => each.with === address),
    what: 'reports flows both where they come in and where they go out: they count twice',
    remedy:
      'let it export ingress only, or give it `counts: ingress` under exporters in the file of WEIR_NAMES',
  },
  {
    has: ({ address, doubled }) => doubled.some((each) => each.with !== address),
    what: 'reports flows that another exporter reports too (`doubled` in /api/exporters says which): in sums over both they count twice',
    remedy:
      'look at one exporter at a time, or give one of the two `counts: none` under exporters in the file of WEIR_NAMES',
  },
]

/** One warning a trouble, naming the exporters that have it. */
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
