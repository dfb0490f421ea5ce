/** Small JSON documents about a collector, by name: the newest version counts. */
import type { Connection } from './connection.ts'
import { documentsTable } from './schema.ts'

export async function readDocuments<Value>(
  connection: Connection,
  name: string,
  signal?: AbortSignal,
): Promise<{ writer: string; value: Value }[]> {
  const answer = await connection.read({
    sql: `SELECT writer, value FROM ${connection.database}.${documentsTable} FINAL
      WHERE name = {name:String} ORDER BY writer`,
    values: { name },
    signal,
  })
  const values = answer.texts('value')
  return answer.texts('writer').map((writer, i) => ({
    writer,
    value: JSON.parse(values[i]!) as Value,
  }))
}

/**
 * Writes the newest version of a document. `version` is the time (unix ms); where the clock was set back, a
 * greater one than that of the document there.
 */
export async function writeDocument(
  connection: Connection,
  {
    writer,
    name,
    value,
    version,
    signal,
  }: {
    writer: string
    name: string
    value: unknown
    version: number
    signal?: AbortSignal | undefined
  },
): Promise<void> {
  const table = `${connection.database}.${documentsTable}`
  const answer = await connection.read({
    sql: `SELECT max(version) AS latest FROM ${table} WHERE writer = {writer:String} AND name = {name:String}`,
    values: { writer, name },
    signal,
  })
  const next = Math.max(version, answer.numbers('latest')[0]! + 1)
  const row = JSON.stringify([writer, name, JSON.stringify(value), next])
  await connection.run({
    sql: `INSERT INTO ${table} (writer, name, value, version) FORMAT JSONCompactEachRow\n${row}`,
    settings: { insert_deduplicate: 0, input_format_parallel_parsing: 0 },
    signal,
  })
}
