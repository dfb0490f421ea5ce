import { clickHouseStory } from './clickhouse.ts'

clickHouseStory({ shards: 1, replicas: 1 })
