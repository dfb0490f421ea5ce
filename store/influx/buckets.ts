/** The buckets of the series: one per tier. */
import type { Tier } from '../../flow/interval.ts'

const dayMs = 86_400_000
/**
 * A shard holds a twelfth of a bucket's retention, in whole days, so that queries read few and expiry deletes one
 * at a time.
 */
const shardsPerRetention = 12
const shardDaysMax = 365

/** The bucket of a tier, such as weir_5m. */
export function bucketOf(prefix: string, tier: { name: string }): string {
  return `${prefix}_${tier.name}`
}

export interface RetentionRule {
  type: 'expire'
  everySeconds: number
  shardGroupDurationSeconds: number
}

/** How long InfluxDB keeps a tier's points, by its own clock, and how much it deletes at a time. */
export function retentionOf({ keepMs }: Tier): RetentionRule {
  const days = Math.floor(keepMs / shardsPerRetention / dayMs)
  // InfluxDB refuses retention below an hour, and shards longer than the retention.
  const shardMs = Math.min(Math.max(1, Math.min(days, shardDaysMax)) * dayMs, keepMs)
  return {
    type: 'expire',
    everySeconds: keepMs / 1000,
    shardGroupDurationSeconds: Math.max(3600, shardMs / 1000),
  }
}
