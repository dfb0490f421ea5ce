import { clickHouseStory } from './clickhouse.ts'

clickHouseStory({ shards: 2, replicas: 2 })
