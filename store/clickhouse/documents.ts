/** Small things that a collector says of itself, as JSON by name: the newest counts. */
import type { Connection } from './connection.ts'
import { documentsTable } from './schema.ts'

export async function readDocuments<Value>(
  connection: Connection,
  name: string,
): Promise<{ writer: string; value: Value }[]> {
  const answer = await connection.read({
    sql: `SELECT writer, value FROM ${connection.database}.${documentsTable} FINAL
      WHERE name = {name:String} ORDER BY writer`,
    values: { name },
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
  }: { writer: string; name: string; value: unknown; version: number },
): Promise<void> {
  await connection.run({
    sql: `INSERT INTO ${connection.database}.${documentsTable} (writer, name, value, version)
      SELECT {writer:String}, {name:String}, {value:String}, {version:UInt64}`,
    values: { writer, name, value: JSON.stringify(value), version },
  })
}
