/** Series stores in a real InfluxDB, each in buckets of its own. */
import { rm } from 'node:fs/promises'

import type { InfluxSettings } from '../../flow/settings.ts'
import { Connection } from '../../store/influx/connection.ts'
import { organization, provideBucket } from '../../store/influx/provision.ts'
import { openInfluxSeries } from '../../store/influx/series.ts'
import type { RunningInfluxd } from '../influxd.ts'
import { scratchFolder } from '../processes.ts'
import { tiers } from './series-rows.ts'

let stores = 0

/** Settings for buckets that nobody else uses. */
export async function ownBuckets(influxd: RunningInfluxd): Promise<InfluxSettings> {
  const token = await influxd.adminToken()
  const admin = new Connection({ url: influxd.url, token: async () => token })
  const orgId = await organization(admin, 'weir')
  const prefix = `test${stores++}`
  for (const tier of Object.values(tiers)) await provideBucket(admin, orgId, { prefix, tier })
  const { influx } = influxd.settings()
  return { ...influx, token, tokenFile: null, prefix }
}

/** An empty store, as the contract wants it. */
export async function openEmpty(influxd: RunningInfluxd) {
  const settings = await ownBuckets(influxd)
  const folder = await scratchFolder()
  const open = () => openInfluxSeries({ settings, folder, tiers: Object.values(tiers) })
  let store = await open()
  return {
    store,
    settings,
    folder,
    reopen: async () => {
      await store.close()
      return (store = await open())
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
