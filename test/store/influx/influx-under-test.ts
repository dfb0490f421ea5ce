/** Series stores in a real InfluxDB, each in its own buckets. */
import type { InfluxSettings } from '../../../flow/settings/settings.ts'
import { Connection } from '../../../store/influx/connection.ts'
import { organization, provideBucket } from '../../../store/influx/provision.ts'
import { openInfluxSeries } from '../../../store/influx/series.ts'
import { RunningInfluxd } from '../../influxd.ts'
import { readSettings } from '../../settings.ts'
import { reopened } from '../reopened.ts'
import { tiers } from '../series-rows.ts'

let stores = 0

/** An InfluxDB in which a test creates its own buckets. */
export interface InfluxUnderTest {
  url: string
  adminToken(): Promise<string>
  remove(): Promise<void>
}

/** The one in WEIR_TEST_INFLUX_URL and WEIR_TEST_INFLUX_TOKEN, or else a newly started one. */
export async function influxUnderTest(): Promise<InfluxUnderTest> {
  const url = process.env['WEIR_TEST_INFLUX_URL']
  if (url === undefined) return RunningInfluxd.startReady()
  const token = process.env['WEIR_TEST_INFLUX_TOKEN'] ?? ''
  return { url, adminToken: async () => token, remove: async () => undefined }
}

/** Settings for unused buckets. */
export async function ownBuckets(influxd: InfluxUnderTest): Promise<InfluxSettings> {
  const token = await influxd.adminToken()
  const admin = new Connection({ url: influxd.url, token: async () => token })
  const orgId = await organization(admin, 'weir')
  const prefix = `test${process.pid}x${stores++}`
  for (const tier of Object.values(tiers)) await provideBucket(admin, orgId, { prefix, tier })
  const { influx } = readSettings({})
  return { ...influx, url: influxd.url, token, prefix }
}

/** An empty store, as the contract requires. */
export async function openEmpty(influxd: InfluxUnderTest) {
  const settings = await ownBuckets(influxd)
  const opened = await reopened((folder) =>
    openInfluxSeries({ settings, folder, tiers: Object.values(tiers) }),
  )
  return { ...opened, settings }
}
