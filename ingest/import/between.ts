/** The time between captures that were imported one after the other: nobody listened, and what passed is not known. */
import type { ExporterBreak } from '../../flow/incident/incident.ts'
import type { ExporterStatus } from '../../flow/status.ts'
import { breaksMax } from '../coverage/breaks.ts'

/**
 * A shorter time may lie between two datagrams of an exporter, one at the end of a capture and one
 * at the start of the next.
 */
const betweenMsMin = 90_000

type Sent = Pick<ExporterStatus, 'address' | 'firstSeen' | 'lastSeen'>

/** When exporters had been seen until an import, and when they sent in what was imported. */
interface Between {
  before: readonly Sent[]
  sent: readonly Sent[]
  /** Whether another collector received an exporter meanwhile. */
  isElsewhere: (between: ExporterBreak) => Promise<boolean>
}

/** The breaks with those before and after an import. */
export async function breaksBetween(
  breaks: readonly ExporterBreak[],
  { before, sent, isElsewhere }: Between,
): Promise<ExporterBreak[]> {
  const seen = new Map(before.map((exporter) => [exporter.address, spanOf(exporter)]))
  const own = new Map(sent.map((exporter) => [exporter.address, spanOf(exporter)]))
  // What was imported may lie in a time of which nothing was known.
  const cut = breaks.flatMap((each): ExporterBreak[] => {
    const filled = own.get(each.exporter)
    if (!filled || !each.isOurs || each.clock) return [each]
    if (filled.from >= each.to || filled.to <= each.from) return [each]
    const rest = [
      { ...each, to: filled.from },
      { ...each, from: filled.to },
    ]
    return rest.filter(isLong)
  })
  const added = [...own].flatMap(([exporter, { from, to }]): ExporterBreak[] => {
    const known = seen.get(exporter)
    if (!known) return []
    const none = {
      exporter,
      isRestart: false,
      lostFlows: 0,
      lostDatagrams: 0,
      isOurs: true as const,
    }
    const sides = [
      { ...none, from: known.to, to: from },
      { ...none, from: to, to: known.from },
    ]
    return sides.filter(isLong)
  })
  const ours: ExporterBreak[] = []
  for (const each of added) if (!(await isElsewhere(each))) ours.push(each)
  return [...cut, ...ours].sort((a, b) => a.from - b.from).slice(-breaksMax)
}

function isLong({ from, to }: { from: number; to: number }): boolean {
  return to - from >= betweenMsMin
}

/** Unix ms. */
function spanOf({ firstSeen, lastSeen }: Sent): { from: number; to: number } {
  return { from: firstSeen * 1000, to: lastSeen * 1000 }
}
