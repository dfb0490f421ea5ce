/**
 * `weir clickhouse setup`: makes the tables for WEIR_STORE=clickhouse, or brings them up to date. May
 * be run again at any time. `weir clickhouse check`: whether every table can be read.
 *
 * In a cluster (WEIR_CLICKHOUSE_CLUSTER) the tables are replicated by Keeper and made ON CLUSTER.
 *
 *     --without-keeper     shards of one replica each, or replicas to which the Distributed tables
 *                          write themselves (internal_replication false): every node must be named
 *                          in WEIR_CLICKHOUSE_URL, and writes wait while one of them is down
 *     --wait SECONDS       60: how long ClickHouse may take to answer
 */
import type { Settings } from '../flow/settings/settings.ts'
import { checkPassword, Connection } from '../store/clickhouse/connection.ts'
import { ClickHouseFault } from '../store/clickhouse/fault.ts'
import { hasKeeper, provision } from '../store/clickhouse/provision.ts'
import { checkTables } from '../store/clickhouse/rows.ts'
import { CommandError, exitCodes, type CommandInput } from './command.ts'
import { untilAnswered, waitSeconds } from './wait.ts'

const timeoutMs = 60_000

const actions: Record<
  string,
  (connection: Connection, settings: Settings, values: CommandInput['values']) => Promise<void>
> = { setup, check }

export async function clickhouse({ settings, values, positionals }: CommandInput): Promise<void> {
  const [name = '', ...rest] = positionals
  const action = Object.hasOwn(actions, name) ? actions[name]! : null
  if (!action || rest.length > 0)
    throw new CommandError(
      `write weir clickhouse ${Object.keys(actions).join(' or ')}`,
      exitCodes.usage,
    )
  await checkPassword(settings.clickhouse)
  const connection = new Connection({ settings: settings.clickhouse, timeoutMs })
  try {
    await action(connection, settings, values)
  } catch (error) {
    if (error instanceof ClickHouseFault)
      throw new CommandError(`${error.message}; ${error.remedy}`)
    throw error
  } finally {
    await connection.close()
  }
}

async function setup(
  connection: Connection,
  settings: Settings,
  values: CommandInput['values'],
): Promise<void> {
  const { clickhouse: given, tiers, archiveKeepMs } = settings
  const version = await untilAnswered(() => connection.version(), {
    seconds: waitSeconds(values['wait']),
    isFinal: (error) => !(error instanceof ClickHouseFault && error.kind === 'away'),
  })
  console.log(`ClickHouse ${version} at ${given.urls.join(', ')}`)
  const keeper = given.cluster !== null && (await hasKeeper(connection))
  if (given.cluster !== null && !keeper && values['without-keeper'] !== true)
    throw new CommandError(
      `cluster ${given.cluster}: no Keeper answers this ClickHouse, so its replicas cannot synchronise; ` +
        'set up Keeper (docs/cluster.md), or write --without-keeper',
    )
  const place = {
    database: given.database,
    cluster: given.cluster,
    hasKeeper: keeper && values['without-keeper'] !== true,
  }
  const done = await provision(connection, { place, tiers, archiveKeepMs })
  for (const sentence of done) console.log(sentence)
  const where = given.cluster === null ? 'a single server' : `cluster ${given.cluster}`
  console.log(`database ${given.database} on ${where} is ready`)
}

async function check(connection: Connection, settings: Settings): Promise<void> {
  const { database } = settings.clickhouse
  await connection.version()
  await checkTables(connection, settings.tiers)
  console.log(
    `ClickHouse at ${connection.urls.join(', ')} answers: all tables of ${database} can be read`,
  )
}
