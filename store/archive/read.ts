/** Flows of the archive as columns again. */
import { DuckDBInstance } from '@duckdb/node-api'

import { createFlowColumns, type FlowColumns } from '../../flow/columns.ts'
import { ChunkGarbage } from '../garbage.ts'
import { Bindings } from './bindings.ts'
import { archivedLastSql, fromArchiveSql, takeChunk, vectorRows } from './columns.ts'

/**
 * The flows of Parquet files (absolute paths) any part of which lies in [from, to) (unix ms), in no
 * order. The columns are used again for each batch.
 */
export async function* readFlows(
  paths: readonly string[],
  { from, to, memoryLimit }: { from: number; to: number; memoryLimit: string },
): AsyncGenerator<FlowColumns> {
  if (paths.length === 0) return
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: memoryLimit,
    temp_directory: '',
    preserve_insertion_order: 'false',
  })
  const connection = await instance.connect()
  try {
    const bindings = new Bindings()
    const result = await connection.stream(
      `SELECT ${fromArchiveSql} FROM read_parquet(${bindings.texts(paths)})
       WHERE "flowStartMilliseconds" < make_timestamp_ms(${bindings.whole(to)})
         AND ${archivedLastSql} >= ${bindings.whole(from)}`,
      bindings.values,
      bindings.types,
    )
    const flows = createFlowColumns(vectorRows)
    const garbage = new ChunkGarbage()
    for (;;) {
      const chunk = await result.fetchChunk()
      if (!chunk || chunk.rowCount === 0) break
      flows.count = 0
      takeChunk(flows, chunk.chunk, chunk.rowCount)
      yield flows
      garbage.add()
    }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
