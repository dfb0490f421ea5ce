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
  const row = JSON.stringify([writer, name, JSON.stringify(value), version])
  await connection.run({
    sql: `INSERT INTO ${connection.database}.${documentsTable} (writer, name, value, version) FORMAT JSONCompactEachRow\n${row}`,
    settings: { insert_deduplicate: 0, input_format_parallel_parsing: 0 },
    signal,
  })
}
