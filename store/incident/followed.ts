/** The hosts counted per second when a scene has too many flows: those with most traffic in the series. */
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { followedMax } from '../../flow/incident/scene/scene.ts'
import type { SurroundingsQuery } from './surroundings.ts'

/** For all exporters together: each host has two series of some thousand seconds. */
const followedOfAll = 1600
const followedMin = 20

/**
 * By exporter (an address), the hosts with most bytes in a time; twice as many are queried, since
 * some are not local.
 */
export async function hostsToFollow(
  { series, tier, exporter }: SurroundingsQuery,
  time: { from: number; to: number },
): Promise<Map<string, string[]>> {
  const range = {
    tier,
    from: intervalStart(time.from),
    to: intervalStart(time.to - 1) + intervalMs,
    exporters: exporter === undefined ? undefined : [exporter],
  }
  const exporters = new Set((await series.coverage(range)).map((each) => each.exporter))
  const share = Math.floor(followedOfAll / Math.max(1, exporters.size))
  const limit = Math.max(followedMin, Math.min(2 * followedMax, share))
  const followed = new Map<string, string[]>()
  for (const each of exporters) {
    const rows = await series.top({
      ...range,
      exporters: [each],
      measurement: 'host',
      by: ['host'],
      order: 'bytes',
      fields: ['bytes'],
      limit,
    })
    followed.set(
      each,
      rows.flatMap(({ key }) => (key.host === undefined ? [] : [key.host])),
    )
  }
  return followed
}
