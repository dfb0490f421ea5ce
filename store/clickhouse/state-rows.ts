/**
 * Documents as rows in ClickHouse. The version of a row orders all versions of an id: first by the
 * number of the change, then, if two writers used the same number, the earlier one wins, then by
 * chance. It also tells a writer whether a row is its own.
 */
import { randomBytes } from 'node:crypto'

import type { Collection, StateDocument } from '../state/state.ts'
import type { Answer, Connection } from './connection.ts'
import { localName } from './schema.ts'
import { stateTable } from './state-spec.ts'

/** Bits of a version: 44 for the change's number, 44 for the time (unix ms, inverted), 40 random. */
const timeBits = 44n
const chanceBits = 40n
const timeMax = (1n << timeBits) - 1n
const chanceBytes = 5
/** Rows per insert. */
const rowsMax = 1000

/** A document, or its removal, with the content it last had (when read back, without its body). */
export interface StateRow {
  version: bigint
  document: StateDocument
  isRemoved: boolean
}

/** The version of a document's change number `change`, made at `nowMs`. */
export function newVersion(change: bigint, nowMs: number): bigint {
  const chance = BigInt(`0x${randomBytes(chanceBytes).toString('hex')}`)
  return (((change << timeBits) | (timeMax - BigInt(nowMs))) << chanceBits) | chance
}

/** The number of the change that a version is, from 1. */
export function changeOf(version: bigint): bigint {
  return version >> (timeBits + chanceBits)
}

/**
 * Queries and inserts go to the first replica in the list while it answers, so that a writer can
 * read its own change. Lagging replicas are not queried.
 */
const settings = {
  load_balancing: 'in_order',
  prefer_localhost_replica: 0,
  max_replica_delay_for_distributed_queries: 5,
}

const columns = 'id, version, revision, created_at, changed_at, body, is_removed'

/** The current rows of a collection, or of one id in it. @throws ClickHouseFault */
export async function readStateRows(
  connection: Connection,
  collection: Collection,
  id?: string,
): Promise<Map<string, StateRow>> {
  const answer = await connection.read({
    sql: `SELECT ${columns} FROM ${connection.database}.${stateTable} FINAL
      WHERE collection = {collection:String}${id === undefined ? '' : ' AND id = {id:String}'}`,
    values: { collection, ...(id === undefined ? {} : { id }) },
    settings,
  })
  return rowsOf(answer)
}

/** Each shard has its own greatest version: after one was added, two may return an id. */
function rowsOf(answer: Answer): Map<string, StateRow> {
  const rows = new Map<string, StateRow>()
  const [versions, bodies] = [answer.wholes('version'), answer.texts('body')]
  const [revisions, removed] = [answer.numbers('revision'), answer.numbers('is_removed')]
  const [created, changed] = [answer.numbers('created_at'), answer.numbers('changed_at')]
  for (const [i, id] of answer.texts('id').entries()) {
    const version = versions[i]!
    if ((rows.get(id)?.version ?? 0n) > version) continue
    const isRemoved = removed[i] === 1
    const document = {
      id,
      revision: revisions[i]!,
      createdAt: created[i]!,
      changedAt: changed[i]!,
      body: isRemoved ? null : (JSON.parse(bodies[i]!) as unknown),
    }
    rows.set(id, { version, document, isRemoved })
  }
  return rows
}

/** A text that differs once anything in a collection has changed. @throws ClickHouseFault */
export async function printOf(connection: Connection, collection: Collection): Promise<string> {
  const answer = await connection.read({
    sql: `SELECT count() AS rows, sum(cityHash64(id, version)) AS hashes
      FROM ${connection.database}.${stateTable} FINAL WHERE collection = {collection:String}`,
    values: { collection },
    settings,
  })
  return `${answer.texts('rows')[0]} ${answer.texts('hashes')[0]}`
}

/** The number of documents in a collection. @throws ClickHouseFault */
export async function countDocuments(
  connection: Connection,
  collection: Collection,
): Promise<number> {
  const answer = await connection.read({
    sql: `SELECT count() AS documents FROM ${connection.database}.${stateTable} FINAL
      WHERE collection = {collection:String} AND is_removed = 0`,
    values: { collection },
    settings,
  })
  return answer.numbers('documents')[0] ?? 0
}

/**
 * Inserts rows. With a token, only if no insert had this token before: the second one changes nothing.
 * @throws ClickHouseFault
 */
export async function insertStateRows(
  connection: Connection,
  collection: Collection,
  { rows, token = null }: { rows: readonly StateRow[]; token?: string | null },
): Promise<void> {
  for (let at = 0; at < rows.length; at += rowsMax) {
    const lines = rows.slice(at, at + rowsMax).map((row) => lineOf(collection, row))
    await connection.run({
      sql: `INSERT INTO ${connection.database}.${stateTable}
        (collection, id, version, revision, created_at, changed_at, expires_at, body, is_removed)
        FORMAT JSONCompactEachRow\n${lines.join('\n')}`,
      settings: {
        ...settings,
        input_format_parallel_parsing: 0,
        insert_deduplicate: token === null ? 0 : 1,
        ...(token === null ? {} : { insert_deduplication_token: token }),
      },
    })
  }
}

function lineOf(collection: Collection, { version, document, isRemoved }: StateRow): string {
  const { id, revision, createdAt, changedAt, body } = document
  const end = (body as { expiresAt?: unknown } | null)?.expiresAt
  // A session's removal must be kept for as long as earlier versions may exist.
  const latest = typeof end === 'number' ? Math.max(end, isRemoved ? changedAt : 0) : 0
  return JSON.stringify([
    collection,
    id,
    String(version),
    revision,
    createdAt,
    changedAt,
    collection === 'sessions' ? Math.ceil(latest / 1000) : 0,
    isRemoved ? '' : JSON.stringify(body),
    isRemoved ? 1 : 0,
  ])
}

/**
 * Whether ClickHouse itself ensures that only one of two inserts with the same token is done: a
 * single server, or replicas coordinated by Keeper. If Distributed tables write to each replica,
 * each would decide for itself. @throws ClickHouseFault
 */
export async function choosesOne(connection: Connection): Promise<boolean> {
  const { database, cluster } = connection
  if (cluster === null) return true
  const answer = await connection.read({
    sql: 'SELECT engine FROM system.tables WHERE database = {database:String} AND name = {name:String}',
    values: { database, name: localName(stateTable, cluster) },
  })
  return (answer.texts('engine')[0] ?? '').startsWith('Replicated')
}
