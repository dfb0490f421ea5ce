import { rm } from 'node:fs/promises'
import { test } from 'node:test'

import { RunningClickHouse } from '../clickhouse.ts'
import { scratchFolder } from '../processes.ts'
import { skipWithoutClickHouse } from '../setup/clickhouse.ts'
import { makeStore, migrateAndBack } from './migration.ts'

test(
  'ten million flows and a year of series there and back, killed twice: every interval and step is equal',
  { skip: skipWithoutClickHouse() },
  async (t) => {
    const nodes = await RunningClickHouse.start()
    t.after(() => nodes.remove())
    await nodes.setUp()
    const data = await scratchFolder()
    t.after(() => rm(data, { recursive: true, force: true }))
    const made = await makeStore(data, { flows: 10_000_000, days: 30, hosts: 20, part: 1 })
    t.diagnostic(JSON.stringify(made))
    for (const said of await migrateAndBack(nodes, data, made)) t.diagnostic(said)
  },
)
