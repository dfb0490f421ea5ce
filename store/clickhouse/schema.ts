/**
 * The tables in ClickHouse, as data. A step of an exporter is entirely in one shard and one block,
 * so that it appears all at once or not at all; so is a file of flows.
 *
 *     series_5m …    a tier's rows and coverage; the newest version of each step counts
 *     flows          the flows, as in the closed 5-minute files of the archive
 *     flow_files     which files' flows count: written once all of a file is there
 *     state          user data: see state-spec.ts
 */
import type { Tier } from '../../flow/interval.ts'
import { archiveColumns } from '../archive/columns.ts'
import { coverageFields } from '../coverage.ts'
import { figureNames, measurementNames, tagsOf } from '../measurement.ts'

const dayMs = 86_400_000
/** Tiers with retention up to this have daily partitions, others monthly or yearly ones. */
const daysByDayMax = 120
const daysByMonthMax = 3 * 366

/** All tags, in the order of the table's key. */
export const tagColumns = [...new Set(measurementNames.flatMap(tagsOf))]

/** The figures of measurement rows, then those of coverage rows, which share `known`. */
export function figureColumns(isCoarse: boolean): string[] {
  return [...new Set([...figureNames(isCoarse), ...coverageFields]), 'seen']
}

/** A table, and its sharding. */
export interface TableSpec {
  name: string
  columns: readonly string[]
  /** MergeTree or ReplacingMergeTree(column). */
  engine: 'MergeTree' | 'ReplacingMergeTree'
  /** The arguments of the engine. */
  version?: string
  partition: string
  order: readonly string[]
  primary: readonly string[]
  /** What determines the shard. */
  shardBy: string
  /** Retention after this expression, for rows that match `where` if given; null: for ever. */
  keep: { from: string; seconds: number; where?: string } | null
  /** Whether rows are synced before an insert is acknowledged; otherwise a power cut may lose the last ones. */
  isSynced?: boolean
}

export function seriesTable({ name }: { name: string }): string {
  return `series_${name}`
}

/** The table of a tier. */
export function seriesSpec(tier: Tier, isCoarse: boolean): TableSpec {
  const days = tier.keepMs / dayMs
  const key = ['measurement', 'time', 'exporter', 'writer']
  return {
    name: seriesTable(tier),
    engine: 'ReplacingMergeTree',
    version: 'version',
    columns: [
      'measurement LowCardinality(String)',
      "time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1))",
      'exporter LowCardinality(String)',
      'writer LowCardinality(String)',
      ...tagColumns.map((tag) => `${tag} ${tag === 'host' ? 'String' : 'LowCardinality(String)'}`),
      ...figureColumns(isCoarse).map((figure) => `${figure} UInt64 CODEC(ZSTD(1))`),
      'version UInt64 CODEC(ZSTD(1))',
    ],
    partition:
      days <= daysByDayMax
        ? 'toYYYYMMDD(time)'
        : days <= daysByMonthMax
          ? 'toYYYYMM(time)'
          : 'toYear(time)',
    order: [...key, ...tagColumns],
    primary: key,
    shardBy: 'cityHash64(exporter, time)',
    keep: { from: 'time', seconds: tier.keepMs / 1000 },
  }
}

const types: Readonly<Record<string, string>> = {
  TIMESTAMP_MS: "DateTime64(3, 'UTC')",
  BIGINT: 'Int64',
  INTEGER: 'Int32',
  SMALLINT: 'Int16',
}

/** The columns of the archive's files, with ClickHouse types. */
export const fileColumns: readonly { name: string; type: string }[] = archiveColumns.map(
  ({ name, type }) => ({ name, type: types[type]! }),
)

export const flowsTable = 'flows'
export const filesTable = 'flow_files'
export const documentsTable = 'documents'
export const incidentsTable = 'incidents'
/** A file is in the same shard as those that replace it and its entry in the list. */
const fileShard = 'cityHash64(interval, writer)'

/** Addresses as text, for people who query ClickHouse directly. */
function addressText(name: string): string {
  const [high, low] = [`${name}AddressHigh`, `${name}AddressLow`]
  const half = (column: string) => `leftPad(hex(reinterpretAsUInt64(${column})), 16, '0')`
  return (
    `${name}Address String ALIAS if(${high} = 0 AND bitShiftRight(${low}, 32) = 65535, ` +
    `IPv4NumToString(toUInt32(bitAnd(${low}, 4294967295))), ` +
    `IPv6NumToString(toFixedString(unhex(concat(${half(high)}, ${half(low)})), 16)))`
  )
}

/** Flows by file, sorted like the files. */
export function flowsSpec(keepSeconds: number): TableSpec {
  const key = ['interval', 'file', 'destinationAddressHigh', 'destinationAddressLow']
  return {
    name: flowsTable,
    engine: 'MergeTree',
    columns: [
      "interval DateTime('UTC') CODEC(DoubleDelta, ZSTD(1))",
      'file UInt64 CODEC(ZSTD(1))',
      'writer LowCardinality(String)',
      ...fileColumns.map(({ name, type }) => `${name} ${type} CODEC(ZSTD(1))`),
      'servicePort Int32 CODEC(ZSTD(1))',
      ...['exporter', 'source', 'destination'].map(addressText),
      'INDEX starts flowStartMilliseconds TYPE minmax GRANULARITY 1',
      'INDEX sources sourceAddressLow TYPE bloom_filter(0.02) GRANULARITY 1',
    ],
    partition: 'toYYYYMMDD(interval)',
    order: [...key, 'sourceAddressHigh', 'sourceAddressLow', 'flowStartMilliseconds'],
    primary: key,
    shardBy: fileShard,
    keep: { from: 'interval', seconds: keepSeconds },
  }
}

/** The archive's manifest in ClickHouse; the newest version of a file counts. */
export function filesSpec(keepSeconds: number): TableSpec {
  return {
    name: filesTable,
    engine: 'ReplacingMergeTree',
    version: 'version',
    columns: [
      "interval DateTime('UTC')",
      'file UInt64',
      'writer LowCardinality(String)',
      'name String',
      'rows UInt64',
      'bytes UInt64',
      'received_from Int64',
      'received_to Int64',
      'first_min Int64',
      'last_max Int64',
      'is_live UInt8',
      'version UInt64',
    ],
    partition: 'toYYYYMM(interval)',
    order: ['interval', 'file'],
    primary: ['interval', 'file'],
    shardBy: fileShard,
    keep: { from: 'interval', seconds: keepSeconds },
  }
}

/** Documents about collectors; the newest version of a name counts. */
export const documentsSpec: TableSpec = {
  name: documentsTable,
  engine: 'ReplacingMergeTree',
  version: 'version',
  columns: ['writer String', 'name String', 'value String', 'version UInt64'],
  partition: 'tuple()',
  order: ['writer', 'name'],
  primary: ['writer', 'name'],
  shardBy: 'cityHash64(writer)',
  keep: null,
}

/** Incidents found by all collectors; the newest version of an incident counts. */
export const incidentsSpec: TableSpec = {
  name: incidentsTable,
  engine: 'ReplacingMergeTree',
  version: 'version',
  columns: [
    'exporter String',
    'id String',
    'from_ms Int64',
    'to_ms Int64',
    'value String',
    'is_live UInt8',
    'version UInt64',
  ],
  partition: 'tuple()',
  order: ['exporter', 'id'],
  primary: ['exporter', 'id'],
  shardBy: 'cityHash64(exporter)',
  keep: null,
}

/** Where and how tables are created. */
export interface Place {
  database: string
  /** Null for a single server. */
  cluster: string | null
  /** Whether replicas are coordinated by Keeper; otherwise the Distributed tables write to each. */
  hasKeeper: boolean
}

/** A node's local table; in a cluster, there is also one across all nodes. */
export function localName(name: string, cluster: string | null): string {
  return cluster === null ? name : `${name}_local`
}

/** The statements that create a table; each is idempotent. */
export function createSql(spec: TableSpec, { database, cluster, hasKeeper }: Place): string[] {
  const onCluster = cluster !== null && hasKeeper ? ` ON CLUSTER ${cluster}` : ''
  const isReplicated = cluster !== null && hasKeeper
  const local = localName(spec.name, cluster)
  const version = spec.version === undefined ? [] : [spec.version]
  const engine = isReplicated
    ? `Replicated${spec.engine}(${[`'/clickhouse/tables/{shard}/${database}/${spec.name}'`, "'{replica}'", ...version].join(', ')})`
    : `${spec.engine}(${version.join(', ')})`
  const settings = [`ttl_only_drop_parts = ${spec.keep?.where === undefined ? 1 : 0}`]
  if (spec.isSynced === true)
    for (const name of [
      'fsync_after_insert',
      'fsync_part_directory',
      'min_rows_to_fsync_after_merge',
    ])
      settings.push(`${name} = 1`)
  if (!isReplicated) settings.push('non_replicated_deduplication_window = 10000')
  const statements = [
    `CREATE TABLE IF NOT EXISTS ${database}.${local}${onCluster} (
  ${spec.columns.join(',\n  ')}
) ENGINE = ${engine}
PARTITION BY ${spec.partition}
PRIMARY KEY (${spec.primary.join(', ')})
ORDER BY (${spec.order.join(', ')})
${spec.keep ? `TTL ${ttlSql(spec.keep)}\n` : ''}SETTINGS ${settings.join(', ')}`,
  ]
  if (cluster !== null)
    statements.push(
      `CREATE TABLE IF NOT EXISTS ${database}.${spec.name}${onCluster} AS ${database}.${local} ` +
        `ENGINE = Distributed(${cluster}, ${database}, ${local}, ${spec.shardBy})`,
    )
  return statements
}

/** The statements that add columns missing from an earlier version's table. */
export function addColumnsSql(
  { name }: TableSpec,
  columns: readonly string[],
  { database, cluster, hasKeeper }: Place,
): string[] {
  const onCluster = cluster !== null && hasKeeper ? ` ON CLUSTER ${cluster}` : ''
  const added = columns.map((column) => `ADD COLUMN IF NOT EXISTS ${column}`).join(', ')
  const tables = new Set([localName(name, cluster), name])
  return [...tables].map((table) => `ALTER TABLE ${database}.${table}${onCluster} ${added}`)
}

/** The statement that changes a table's retention, or null if it has none. */
export function keepSql(spec: TableSpec, { database, cluster, hasKeeper }: Place): string | null {
  if (!spec.keep) return null
  const onCluster = cluster !== null && hasKeeper ? ` ON CLUSTER ${cluster}` : ''
  const local = localName(spec.name, cluster)
  return `ALTER TABLE ${database}.${local}${onCluster} MODIFY TTL ${ttlSql(spec.keep)}`
}

function ttlSql({ from, seconds, where }: NonNullable<TableSpec['keep']>): string {
  return `${from} + toIntervalSecond(${seconds})${where === undefined ? '' : ` DELETE WHERE ${where}`}`
}
