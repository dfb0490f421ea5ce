import { after, before, describe } from 'node:test'

import { RunningClickHouse } from '../../clickhouse.ts'
import { skipWithoutClickHouse } from '../../setup/clickhouse.ts'
import { openEmpty } from './clickhouse-under-test.ts'
import { seriesContract } from '../series-contract.ts'
import { dayMs } from '../series-rows.ts'

// ClickHouse applies retention by the clock.
const origin = Math.floor(Date.now() / dayMs) * dayMs

for (const [name, size] of [
  ['ClickHouse, one node', { shards: 1, replicas: 1 }],
  ['ClickHouse, 2 shards of 2 replicas', { shards: 2, replicas: 2 }],
] as const)
  describe(name, { skip: skipWithoutClickHouse() }, () => {
    let nodes: RunningClickHouse
    before(async () => {
      nodes = await RunningClickHouse.start(size)
    })
    after(() => nodes.remove())

    seriesContract(name, () => openEmpty(nodes), { origin, runs: 4 })
  })
