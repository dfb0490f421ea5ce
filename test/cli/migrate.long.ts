import { test } from 'node:test'

import { skipWithoutClickHouse } from '../setup/clickhouse.ts'
import { migrateGenerated } from './migration.ts'

test(
  'ten million flows and a year of series there and back, killed twice: every interval and step is equal',
  { skip: skipWithoutClickHouse() },
  (t) => migrateGenerated(t, { flows: 10_000_000, days: 30, hosts: 20, part: 1 }),
)
