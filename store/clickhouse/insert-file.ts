/** Inserts an archive file into ClickHouse: its flows, then its entry in the list of files. */
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

import { ephemeralPort, noPort, portProtocols } from '../../flow/service.ts'
import type { ArchiveEntry } from '../archive/entry.ts'
import { countedOf, countedSql, isSameCount, type Counted } from './compare-files.ts'
import type { Connection } from './connection.ts'
import { ClickHouseFault } from './fault.ts'
import { flowTables } from './flow-scan.ts'
import { fileColumns, flowsTable, localName } from './schema.ts'

/** A file that was sent; `id` is its number in ClickHouse, as text. */
export interface SentFile {
  file: string
  interval: number
  id: string
  /** Its flows; absent in lists of earlier versions. */
  rows?: number
}

export interface InsertOptions {
  sent: SentFile
  /** Files of the same interval that it replaces. */
  replaced: readonly SentFile[]
  writer: string
  /** Increases with each insert of a file. */
  version: number
  rows: () => Readable
  signal?: AbortSignal
}

/** How long to wait for a replica that lags behind the insert, per attempt. */
const laggingMs = [250, 500, 1000, 2000, 4000]

/** Inserts a file; repeating it changes nothing. @throws ClickHouseFault */
export async function insertFile(
  connection: Connection,
  entry: ArchiveEntry,
  options: InsertOptions,
): Promise<void> {
  const { flows } = flowTables(connection)
  const { id } = options.sent
  let found = await stored(connection, entry, id)
  const isWhole = () => isSameCount(found, entry)
  if (!isWhole() && found.rows < entry.rows) {
    // Resumes an interrupted insert: existing blocks are recognised by their token.
    await insertFlows(connection, entry, { ...options, table: flows, token: entry.file })
    found = await stored(connection, entry, id)
  }
  // The replica queried may not be the one written to.
  for (const ms of connection.cluster === null ? [] : laggingMs) {
    if (isWhole()) break
    await sleep(ms, undefined, options.signal ? { signal: options.signal } : {})
    found = await stored(connection, entry, id)
  }
  if (!isWhole()) {
    // Tokens may outlive deleted flows, or be forgotten while their flows remain.
    await removeFlows(connection, entry, id)
    const token = `${entry.file} ${options.version}`
    await insertFlows(connection, entry, { ...options, table: flows, token })
    found = await stored(connection, entry, id)
  }
  if (!isWhole())
    throw new ClickHouseFault(
      'busy',
      `of ${entry.file} there are ${found.rows} flows of ${entry.rows}, ${found.octets} bytes of ${entry.octets}; it is sent again`,
    )
  await list(connection, entry, options)
}

async function insertFlows(
  connection: Connection,
  entry: ArchiveEntry,
  { sent, writer, rows, signal, table, token }: InsertOptions & { table: string; token: string },
): Promise<void> {
  const structure = fileColumns.map(({ name, type }) => `${name} ${type}`).join(', ')
  const columns = fileColumns.map(({ name }) => name)
  await connection.insert(
    {
      sql: `INSERT INTO ${table} (interval, file, writer, ${columns.join(', ')}, servicePort)
        SELECT toDateTime({interval:UInt32}, 'UTC'), {file:UInt64}, {writer:String}, ${columns.join(', ')}, ${servicePortSql}
        FROM input('${structure.replaceAll("'", "\\'")}') FORMAT Parquet`,
      values: { interval: entry.interval / 1000, file: sent.id, writer },
      settings: {
        // The same file makes the same blocks, each identified by the token and its position.
        insert_deduplication_token: `${writer} ${token}`,
        max_insert_threads: 1,
        max_threads: 1,
        input_format_parquet_preserve_order: 1,
        max_query_size: querySizeMax,
      },
      signal,
    },
    rows,
  )
}

/** The list of registered ports makes the statement long. */
const querySizeMax = 1_000_000

/** servicePort of flow/service.ts; the registry appears once, since statement length is limited. */
const servicePortSql = (() => {
  const [source, destination] = ['sourceTransportPort', 'destinationTransportPort']
  const cases = [...portProtocols].map(
    ([protocol, ports]) =>
      `(protocolIdentifier = ${protocol} AND port IN (${Object.keys(ports).join(',')}))`,
  )
  const lower = `least(${source}, ${destination})`
  const higher = `greatest(${source}, ${destination})`
  const place = `arrayFirstIndex(port -> (${cases.join(' OR ')}), [${lower}, ${higher}])`
  return (
    `multiIf(protocolIdentifier NOT IN (${[...portProtocols.keys()].join(', ')}), ${noPort}, ` +
    `(${place} AS place) = 1, ${lower}, place = 2, ${higher}, ` +
    `${lower} < 1024, ${lower}, ${ephemeralPort})`
  )
})()

/** The flows of a file that are there. */
async function stored(
  connection: Connection,
  { interval }: ArchiveEntry,
  id: string,
): Promise<Counted> {
  const answer = await connection.read({
    sql: `SELECT ${countedSql} FROM ${flowTables(connection).flows}
      WHERE interval = toDateTime({interval:UInt32}, 'UTC') AND file = {file:UInt64}`,
    values: { interval: interval / 1000, file: id },
  })
  return countedOf(answer, 0)
}

/** Deletes a file's flows if there are too many or wrong ones: sent again after ClickHouse forgot the token. */
async function removeFlows(
  connection: Connection,
  { interval }: ArchiveEntry,
  id: string,
): Promise<void> {
  const { database, cluster } = connection
  // Only numbers generated here: ALTER does not support parameters everywhere.
  const where = `interval = toDateTime(${interval / 1000}, 'UTC') AND file = ${BigInt(id)}`
  const table = `${database}.${localName(flowsTable, cluster)}`
  await connection.runEverywhere({
    sql: `ALTER TABLE ${table} DELETE WHERE ${where} SETTINGS mutations_sync = 2`,
  })
}

/** Lists a file and delists those it replaces, in one insert. */
async function list(
  connection: Connection,
  entry: ArchiveEntry,
  { sent, replaced, writer, version }: InsertOptions,
): Promise<void> {
  const columns =
    'interval, file, writer, name, rows, bytes, received_from, received_to, first_min, last_max, is_live, version'
  const figures = [
    entry.rows,
    entry.bytes,
    entry.receivedFrom,
    entry.receivedTo,
    entry.firstMin,
    entry.lastMax,
  ]
  const line = (file: SentFile, isLive: number) =>
    JSON.stringify([
      file.interval / 1000,
      file.id,
      writer,
      file.file,
      ...(isLive === 1 ? figures : figures.map(() => 0)),
      isLive,
      version,
    ])
  const lines = [line(sent, 1), ...replaced.map((file) => line(file, 0))]
  await connection.run({
    sql: `INSERT INTO ${flowTables(connection).files} (${columns}) FORMAT JSONCompactEachRow\n${lines.join('\n')}`,
    settings: { insert_deduplicate: 0, input_format_parallel_parsing: 0 },
  })
}
