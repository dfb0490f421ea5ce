/** The hosts whose own seconds are counted where a scene's flows are too many: those with most in the series. */
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { followedMax } from '../../flow/incident/scene.ts'
import type { SurroundingsQuery } from './surroundings.ts'

/** Of all exporters together: two series of some thousand seconds each. */
const followedOfAll = 1600
const followedLeast = 20

/** By exporter (an address) the hosts with most bytes in a time: twice as many as are looked at, since some are not ours. */
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
  const limit = Math.max(followedLeast, Math.min(2 * followedMax, share))
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
