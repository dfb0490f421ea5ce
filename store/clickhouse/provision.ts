/** Creates the tables in ClickHouse step by step; completed steps are recorded in the table schema_versions. */
import type { Tier } from '../../flow/interval.ts'
import { isConsolidated } from '../shape.ts'
import type { Connection } from './connection.ts'
import {
  addColumnsSql,
  createSql,
  documentsSpec,
  filesSpec,
  incidentsSpec,
  flowsSpec,
  keepSql,
  localName,
  seriesSpec,
  type Place,
  type TableSpec,
} from './schema.ts'
import { logsSpec, stateSpec } from './state-spec.ts'

interface Wanted {
  place: Place
  tiers: readonly Tier[]
  /** Retention of flows. */
  archiveKeepMs: number
}

const versionsSpec: TableSpec = {
  name: 'schema_versions',
  engine: 'MergeTree',
  columns: ['version UInt32', 'about String', "at DateTime('UTC')"],
  partition: 'tuple()',
  order: ['version'],
  primary: ['version'],
  shardBy: 'version',
  keep: null,
}

/** Migrations in order; existing ones are never edited, new ones are appended. */
const migrations: readonly { about: string; statements: (wanted: Wanted) => string[] }[] = [
  {
    about: 'tables of the flows, of their files, and of what collectors say',
    statements: ({ place, archiveKeepMs }) =>
      [flowsSpec(archiveKeepMs / 1000), filesSpec(archiveKeepMs / 1000), documentsSpec].flatMap(
        (spec) => createSql(spec, place),
      ),
  },
  {
    about: 'a table of incidents, which all collectors share',
    statements: ({ place }) => createSql(incidentsSpec, place),
  },
  {
    about: 'what people made, and logs of what was done, which all share',
    statements: ({ place }) => [stateSpec, logsSpec].flatMap((spec) => createSql(spec, place)),
  },
]

/** A sentence for each step that was applied. */
export async function provision(connection: Connection, wanted: Wanted): Promise<string[]> {
  const { place } = wanted
  const run: Run = async (sql) =>
    place.cluster !== null && !place.hasKeeper
      ? connection.runEverywhere({ sql })
      : connection.run({ sql })
  const onCluster = place.cluster !== null && place.hasKeeper ? ` ON CLUSTER ${place.cluster}` : ''
  await run(`CREATE DATABASE IF NOT EXISTS ${place.database}${onCluster}`)
  for (const sql of createSql(versionsSpec, place)) await run(sql)
  return [
    ...(await applyMigrations(connection, wanted, run)),
    ...(await applySettings(connection, wanted, run)),
  ]
}

type Run = (sql: string) => Promise<void>

async function applyMigrations(
  connection: Connection,
  wanted: Wanted,
  run: Run,
): Promise<string[]> {
  const { place } = wanted
  const done: string[] = []
  const applied = await appliedVersion(connection, place)
  for (const [i, { about, statements }] of migrations.entries()) {
    const version = i + 1
    if (version <= applied) continue
    for (const sql of statements(wanted)) await run(sql)
    await noteVersion(connection, place, { version, about })
    done.push(`schema ${version}: ${about}`)
  }
  return done
}

/** Tiers are settings: a new tier gets a table, and each table the configured retention. */
async function applySettings(
  connection: Connection,
  { place, tiers, archiveKeepMs }: Wanted,
  run: Run,
): Promise<string[]> {
  const done: string[] = []
  const specs = tiers.map((tier) => seriesSpec(tier, isConsolidated(tier)))
  const flows = [flowsSpec(archiveKeepMs / 1000), filesSpec(archiveKeepMs / 1000)]
  for (const spec of specs) for (const sql of createSql(spec, place)) await run(sql)
  for (const spec of specs) {
    const missing = await missingColumns(connection, spec, place)
    if (missing.length === 0) continue
    for (const sql of addColumnsSql(spec, missing, place)) await run(sql)
    done.push(`${spec.name}: has ${missing.map(nameOfColumn).join(', ')} now`)
  }
  for (const spec of [...specs, ...flows]) {
    if (await hasRetention(connection, spec, place)) continue
    await run(keepSql(spec, place)!)
    done.push(`${spec.name}: keeps ${spec.keep!.seconds / 86_400} days now`)
  }
  return done
}

/** Whether the replicas of this cluster are coordinated by Keeper. */
export async function hasKeeper(connection: Connection): Promise<boolean> {
  try {
    await connection.read({ sql: "SELECT count() FROM system.zookeeper WHERE path = '/'" })
    return true
  } catch {
    return false
  }
}

async function appliedVersion(connection: Connection, { database }: Place): Promise<number> {
  const answer = await connection.read({
    sql: `SELECT max(version) AS version FROM ${database}.schema_versions`,
  })
  return answer.numbers('version')[0] ?? 0
}

async function noteVersion(
  connection: Connection,
  { database }: Place,
  { version, about }: { version: number; about: string },
): Promise<void> {
  await connection.run({
    sql: `INSERT INTO ${database}.schema_versions SELECT {version:UInt32}, {about:String}, now()`,
    values: { version, about },
  })
}

/** Columns missing from a table of an earlier version. */
async function missingColumns(
  connection: Connection,
  { name, columns }: TableSpec,
  { database, cluster }: Place,
): Promise<string[]> {
  const answer = await connection.read({
    sql: 'SELECT name FROM system.columns WHERE database = {database:String} AND table = {name:String}',
    values: { database, name: localName(name, cluster) },
  })
  const there = new Set(answer.texts('name'))
  return columns.filter((column) => !there.has(nameOfColumn(column)))
}

function nameOfColumn(column: string): string {
  return column.slice(0, column.indexOf(' '))
}

async function hasRetention(
  connection: Connection,
  { name, keep }: TableSpec,
  { database, cluster }: Place,
): Promise<boolean> {
  const answer = await connection.read({
    sql: `SELECT engine_full FROM system.tables WHERE database = {database:String} AND name = {name:String}`,
    values: { database, name: localName(name, cluster) },
  })
  return (answer.texts('engine_full')[0] ?? '').includes(`toIntervalSecond(${keep!.seconds})`)
}
