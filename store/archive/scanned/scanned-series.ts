/** Series from row groups; same answers as sql/series.ts. */
import type { Network } from '../../../flow/address.ts'
import type { FlowSeries, FlowSeriesQuery } from '../../flows.ts'
import { Keys } from '../keys/keys.ts'
import type { ArchiveFiles } from '../readable-files.ts'
import { assembleSeries } from '../answer/series-answer.ts'
import { rank } from './rank.ts'
import { progressOf, windowOf, type Scanning } from './scanner.ts'

/** The rows of each step, exporter and key; null if the query needs SQL. */
export async function scannedSeries(
  { scanner, session }: Scanning,
  files: ArchiveFiles,
  query: FlowSeriesQuery & { local: readonly Network[] },
): Promise<FlowSeries | null> {
  const window = windowOf(query)
  const groups = await scanner.groups(files, window)
  if (groups === null) return null
  const { stepMs, order, top, only, progress } = query
  const by = query.by.filter((word) => word !== 'direction')
  const hasDirection = by.length < query.by.length
  const ranking =
    by.length === 0
      ? null
      : await rank(
          { kind: 'ranking', window, by, order: { of: 'series', by: order }, count: top },
          (scanQuery) =>
            scanner.scan(scanQuery, groups, { session, progress: progressOf(progress, 0) }),
        )
  if (by.length > 0 && ranking === null) return null
  const keys = ranking?.keys ?? null
  const sums = await scanner.scan(
    { kind: 'steps', window: { ...window, stepMs, only }, by, keys, hasDirection },
    groups,
    { session, progress: ranking ? progressOf(progress, 1) : progress },
  )
  return sums && assembleSeries(sums, { keys: new Keys(by, query.local), hasDirection }, keys)
}
