/** What an administrator should know of stores on other machines. */
import type { AlsoStatus, ShippingStatus, StoreStatus, Warning } from '../../flow/status.ts'
import { formatWithUnit } from '../../flow/units.ts'

/** A store that cannot be reached for less is not worth a word. */
const waitingSecondsMin = 30
/** From this part of its room on, the spool is a warning. */
const spoolFullPart = 0.8

const rebuild = 'the archive still has the flows: weir rebuild makes the series of that time again'

/** How a store is called, where its lines are put aside, and what keeps other writers away. */
const stores: Record<StoreStatus['kind'], { name: string; quarantine: string; apart: string }> = {
  influx: {
    name: 'InfluxDB',
    quarantine: 'influx/quarantine.lp',
    apart: 'buckets of their own (WEIR_INFLUX_PREFIX) avoid other writers',
  },
  clickhouse: {
    name: 'ClickHouse',
    quarantine: 'clickhouse/quarantine.jsonl',
    apart: 'a database of its own (WEIR_CLICKHOUSE_DATABASE) avoids other writers',
  },
}

/** What was not stored, by how it came about, and what to do. */
function losses(kind: StoreStatus['kind']): [keyof StoreStatus['points'], string, string][] {
  const { name, quarantine, apart } = stores[kind]
  return [
    ['refusedByRetention', `were older than ${name} keeps`, 'nothing, if WEIR_TIERS is as wanted'],
    ['refused', `were refused by ${name}, as a field of another type is`, `see its log; ${apart}`],
    [
      'quarantined',
      `could not be read by ${name}`,
      `look at ${quarantine} in WEIR_DATA, and report them`,
    ],
    ['dropped', `found no room in the spool while ${name} was away`, rebuild],
  ]
}

/** What an administrator should know of the store. */
export function storeWarnings(store: StoreStatus, nowSeconds: number): Warning[] {
  const warnings: Warning[] = []
  const { waiting, spool, points } = store
  const { name: storeName } = stores[store.kind]
  if (waiting && nowSeconds - waiting.since >= waitingSecondsMin)
    warnings.push({
      what: `series wait in the spool since ${new Date(waiting.since * 1000).toISOString()}: ${waiting.reason}`,
      remedy: waiting.remedy,
    })
  if (spool.bytes > spool.bytesMax * spoolFullPart && spool.steps > 0)
    warnings.push({
      what: `the spool before ${storeName} holds ${formatWithUnit(spool.bytes, 'B')} of at most ${formatWithUnit(spool.bytesMax, 'B')}`,
      remedy: `bring ${storeName} back, or raise WEIR_SPOOL_MAX; else the oldest steps are dropped`,
    })
  for (const [name, what, remedy] of losses(store.kind))
    if (points[name] > 0) warnings.push({ what: `${points[name]} points ${what}`, remedy })
  return warnings
}

/** What an administrator should know of a second store. */
export function alsoWarnings(also: AlsoStatus, nowSeconds: number): Warning[] {
  const { kind, owed, lastError, store } = also
  const warnings = store ? storeWarnings(store, nowSeconds) : []
  if (lastError !== null)
    warnings.push({
      what: `the second store (${kind}) ${owed > 0 ? `lacks ${owed} steps and ` : ''}cannot be made equal: ${lastError}`,
      remedy: 'nothing is lost: it is tried again, and WEIR_STORE is not held up',
    })
  return warnings
}

/** Files of the archive that wait for longer than this are worth a word. */
const shippingSecondsMin = 900

/** What an administrator should know of the flows' way to ClickHouse. */
export function shippingWarnings(shipping: ShippingStatus, nowSeconds: number): Warning[] {
  const { waiting, oldest, refusedByRetention, lastError } = shipping
  const warnings: Warning[] = []
  if (oldest !== null && nowSeconds - oldest >= shippingSecondsMin)
    warnings.push({
      what: `${waiting} files of the archive wait for ClickHouse since ${new Date(oldest * 1000).toISOString()}${lastError === null ? '' : `: ${lastError}`}`,
      remedy:
        'see that ClickHouse runs and takes: weir clickhouse check; nothing is lost meanwhile',
    })
  if (refusedByRetention > 0)
    warnings.push({
      what: `${refusedByRetention} flows were older than ClickHouse keeps`,
      remedy: 'nothing, if WEIR_ARCHIVE_KEEP is as wanted',
    })
  return warnings
}
