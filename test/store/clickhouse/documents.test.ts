/** What collectors say in ClickHouse: the last word of each counts, whatever its clock did meanwhile. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { Connection } from '../../../store/clickhouse/connection.ts'
import { readDocuments, writeDocument } from '../../../store/clickhouse/documents.ts'
import { RunningClickHouse } from '../../clickhouse.ts'
import { skipWithoutClickHouse } from '../../setup/clickhouse.ts'
import { ownDatabase } from './clickhouse-under-test.ts'

for (const layout of [{}, { shards: 2, replicas: 2 }])
  describe(
    `documents of collectors, ${JSON.stringify(layout)}`,
    { skip: skipWithoutClickHouse() },
    () => {
      let nodes: RunningClickHouse
      before(async () => {
        nodes = await RunningClickHouse.start(layout)
      })
      after(() => nodes.remove())

      test('each reads as it was last written, also after a step back of the clock', async (t) => {
        const connection = new Connection({ settings: await ownDatabase(nodes), timeoutMs: 20_000 })
        t.after(() => connection.close())
        const texts = [
          'first',
          'tab\t, line\n, \\ and \\n, \'one\', "two" and {b:String}',
          'a'.repeat(300_000),
        ]
        for (const writer of ['one', 'two'])
          for (const [i, text] of texts.entries()) {
            const version = Date.now() - i * 3_600_000
            await writeDocument(connection, {
              writer,
              name: 'status',
              value: { writer, text },
              version,
            })
            const found = await readDocuments(connection, 'status')
            assert.deepEqual(found.find((each) => each.writer === writer)?.value, { writer, text })
          }
      })
    },
  )
