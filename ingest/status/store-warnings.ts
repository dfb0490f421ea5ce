/** Warnings about the stores on other machines. */
import type { AlsoStatus, ShippingStatus, StoreStatus, Warning } from '../../flow/status.ts'
import { formatWithUnit } from '../../flow/units.ts'
import { timeOf, warnedForADay } from './past-trouble.ts'

/** A store may be away this long without a warning. */
const waitingSecondsMin = 30
/** A spool filled beyond this share causes a warning. */
const spoolFullPart = 0.8

/** A store's name, the file of points it could not read, and how to separate writers. */
const stores: Record<StoreStatus['kind'], { name: string; quarantine: string; apart: string }> = {
  influx: {
    name: 'InfluxDB',
    quarantine: 'influx/quarantine.lp',
    apart: 'if others write there, give Weir buckets of its own (WEIR_INFLUX_PREFIX)',
  },
  clickhouse: {
    name: 'ClickHouse',
    quarantine: 'clickhouse/quarantine.jsonl',
    apart: 'if others write there, give Weir a database of its own (WEIR_CLICKHOUSE_DATABASE)',
  },
}

/** Points that a store did not take: why, what happened, what to do. */
function reasons(kind: StoreStatus['kind']): [keyof StoreStatus['notTakenAt'], string, string][] {
  const { name, quarantine, apart } = stores[kind]
  return [
    [
      'refusedByRetention',
      `were older than ${name} keeps`,
      'nothing to do if WEIR_TIERS is what you want',
    ],
    [
      'refused',
      `were refused by ${name}, for instance because a field has another type there`,
      `see its log; ${apart}`,
    ],
    [
      'quarantined',
      `could not be read by ${name}`,
      `look at ${quarantine} in WEIR_DATA, and report what it holds`,
    ],
  ]
}

/** A warning for each tier that lacks steps which the spool had to drop. */
function missingWarnings({ kind, missing }: StoreStatus): Warning[] {
  const { name } = stores[kind]
  return [...Map.groupBy(missing, ({ tier }) => tier)].map(([tier, stretches]) => {
    const [from, to] = [timeOf(stretches[0]!.from), timeOf(stretches.at(-1)!.to)]
    const parts = stretches.length > 1 ? `, in ${stretches.length} parts` : ''
    return {
      what: `${name} lacks steps of ${tier} from ${from} to ${to}${parts}: they were dropped because the spool was full while ${name} was away`,
      remedy: `if the archive still has the flows, run \`weir rebuild --from ${from} --to ${to}\` while ingest is stopped; raise WEIR_SPOOL_MAX for the next time`,
    }
  })
}

/** Warnings about the series store; `nowSeconds` is unix time. */
export function storeWarnings(store: StoreStatus, nowSeconds: number): Warning[] {
  const warnings: Warning[] = []
  const { waiting, spool, points, notTakenAt } = store
  const { name: storeName } = stores[store.kind]
  if (waiting && nowSeconds - waiting.since >= waitingSecondsMin)
    warnings.push({
      what: `series have been waiting in the spool since ${new Date(waiting.since * 1000).toISOString()}: ${waiting.reason}`,
      remedy: waiting.remedy,
    })
  if (spool.bytes > spool.bytesMax * spoolFullPart && spool.steps > 0)
    warnings.push({
      what: `the spool for ${storeName} holds ${formatWithUnit(spool.bytes, 'B')} of at most ${formatWithUnit(spool.bytesMax, 'B')}`,
      remedy: `bring ${storeName} back, or raise WEIR_SPOOL_MAX; otherwise the oldest steps of 5 minutes will be dropped`,
    })
  for (const [reason, happened, remedy] of reasons(store.kind)) {
    const what = `${points[reason]} points ${happened}`
    warnings.push(...warnedForADay(notTakenAt[reason], nowSeconds, { what, remedy }))
  }
  return [...warnings, ...missingWarnings(store)]
}

/** Warnings about a second store (WEIR_STORE_ALSO). */
export function alsoWarnings(also: AlsoStatus, nowSeconds: number): Warning[] {
  const { kind, owed, lastError, store } = also
  const warnings = store ? storeWarnings(store, nowSeconds) : []
  if (lastError !== null)
    warnings.push({
      what: `the second store (${kind}) ${owed > 0 ? `lacks ${owed} steps and ` : ''}cannot be brought up to date: ${lastError}`,
      remedy: 'nothing is lost; Weir keeps trying, and the first store is not held up',
    })
  return warnings
}

/** Files of the archive may wait this long without a warning. */
const shippingSecondsMin = 900

/** Warnings about sending the archive's files to ClickHouse. */
export function shippingWarnings(shipping: ShippingStatus, nowSeconds: number): Warning[] {
  const { waiting, oldest, refusedByRetention, refusedAt, lastError } = shipping
  const warnings: Warning[] = []
  if (oldest !== null && nowSeconds - oldest >= shippingSecondsMin)
    warnings.push({
      what: `${waiting} files of the archive have been waiting for ClickHouse since ${new Date(oldest * 1000).toISOString()}${lastError === null ? '' : `: ${lastError}`}`,
      remedy:
        'check that ClickHouse runs and accepts data with `weir clickhouse check`; nothing is lost meanwhile',
    })
  const what = `${refusedByRetention} flows were older than ClickHouse keeps`
  const remedy = 'nothing to do if WEIR_ARCHIVE_KEEP is what you want'
  return [...warnings, ...warnedForADay(refusedAt, nowSeconds, { what, remedy })]
}
