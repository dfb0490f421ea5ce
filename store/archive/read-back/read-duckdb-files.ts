/** Reads files that DuckDB wrote, with DuckDB. */
import { DuckDBInstance } from '@duckdb/node-api'

import { createFlowColumns, type FlowColumns } from '../../../flow/columns.ts'
import { ChunkGarbage } from '../../process/garbage.ts'
import { Bindings } from '../sql/bindings.ts'
import { takeChunk, vectorRows } from '../sql/chunk-columns.ts'
import { archivedLastSql, fromArchiveSql } from '../columns.ts'
import type { Reading } from './read-flows.ts'

/** See readFlows. */
export async function* readOthers(
  paths: readonly string[],
  { from, to, memoryLimit }: Reading,
): AsyncGenerator<FlowColumns> {
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
