/** The tables of user data and of logs. */
import type { TableSpec } from './schema.ts'

export const stateTable = 'state'
export const logsTable = 'state_logs'

/** How long sessions are kept after their end, and logs. */
const sessionGraceSeconds = 86_400
const logKeepSeconds = 400 * 86_400

/**
 * Documents; the greatest version of an id counts. A removal is a version, too, and stays, so that
 * no older one reappears; sessions, which are many, are deleted after their end.
 */
export const stateSpec: TableSpec = {
  name: stateTable,
  engine: 'ReplacingMergeTree',
  version: 'version',
  columns: [
    'collection LowCardinality(String)',
    'id String',
    'version UInt128',
    'revision UInt64',
    'created_at Int64',
    'changed_at Int64',
    "expires_at DateTime('UTC')",
    'body String CODEC(ZSTD(1))',
    'is_removed UInt8',
  ],
  partition: 'tuple()',
  order: ['collection', 'id'],
  primary: ['collection', 'id'],
  shardBy: 'cityHash64(collection)',
  keep: {
    from: 'expires_at',
    seconds: sessionGraceSeconds,
    where: "collection = 'sessions'",
  },
  isSynced: true,
}

/** Audit log and alert history, one row per entry. */
export const logsSpec: TableSpec = {
  name: logsTable,
  engine: 'MergeTree',
  columns: ['log LowCardinality(String)', "at DateTime64(3, 'UTC')", 'entry String CODEC(ZSTD(1))'],
  partition: 'toYYYYMM(at)',
  order: ['log', 'at'],
  primary: ['log', 'at'],
  shardBy: 'cityHash64(log)',
  keep: { from: 'toDateTime(at)', seconds: logKeepSeconds },
  isSynced: true,
}
