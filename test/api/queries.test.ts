/** Progress of long queries, how to stop them, and how answers report files left out. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'

import { DuckDBInstance } from '@duckdb/node-api'

import type { FlowsAnswer, TopAnswer } from '../../api/schema/schema.ts'
import type { QueryAnswer } from '../../api/schema/filter.ts'
import { openFlowStore } from '../../store/archive/query.ts'
import type { FlowTop, FlowTopQuery } from '../../store/flows.ts'
import { ManifestReader } from '../../store/manifest/reader.ts'
import { scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'
import { archive, t0, testFlow } from '../store/archive/archived.ts'
import { until } from '../until.ts'
import { appUnderTest } from './app-under-test.ts'
import { MemoryFlows } from './memory-flows.ts'

const window = `from=${t0 / 1000}&to=${t0 / 1000 + 600}`

/** A store whose top queries run until stopped. */
class SlowFlows extends MemoryFlows {
  override top({ signal, progress }: FlowTopQuery): Promise<FlowTop> {
    progress?.(0.25)
    return new Promise((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error))
    })
  }
}

suite('/api/queries', () => {
  test('reports a query’s progress, and stops it', async (t) => {
    const { app, refused } = await appUnderTest(t, { options: { flows: new SlowFlows([]) } })
    const headers = { 'weir-query': 'a-query-of-mine' }
    const asked = app.inject({ url: `/api/top?${window}`, headers })
    // inject sends only when awaited.
    const answered = asked.then((answer) => answer)
    const found: QueryAnswer[] = []
    await until(async () => {
      const answer = await app.inject('/api/queries/a-query-of-mine')
      if (answer.statusCode === 200) found.push(answer.json<QueryAnswer>())
      return found.at(-1)?.progress === 0.25
    })
    assert.equal(found.at(-1)?.state, 'running')
    const stopped = await app.inject({ method: 'DELETE', url: '/api/queries/a-query-of-mine' })
    assert.equal(stopped.statusCode, 204)
    assert.equal((await answered).statusCode, 499)
    await refused('/api/queries/a-query-of-mine', 404)
    await refused('/api/queries/%27%3B--', 400)
  })
})

suite('the archive behind the API', () => {
  test('an unreadable file is left out, and the answers say so', async (t) => {
    const folder = await scratchFolder()
    await archive(
      folder,
      [testFlow({ octets: 7 })],
      [testFlow({ octets: 1000, first: t0 + 1000, last: t0 + 1000 })],
    )
    const store = await openFlowStore(folder, { local: readSettings({}).local })
    t.after(() => store.close())
    const { get, app } = await appUnderTest(t, { options: { flows: store } })
    const before = await get<TopAnswer>(`/api/top?${window}&by=src`)
    assert.deepEqual([before.total.bytes, before.remarks], [1007, []])
    const paths = await manifestFiles(folder)
    await writeFile(join(folder, paths[1]!), 'no Parquet at all')
    const again = await openFlowStore(folder, { local: readSettings({}).local })
    t.after(() => again.close())
    const broken = await appUnderTest(t, { options: { flows: again } })
    const after = await broken.get<TopAnswer>(`/api/top?${window}&by=src`)
    assert.equal(after.total.bytes, 7)
    assert.match(after.remarks.join(), /cannot be read and its flows are left out/)
    assert.match((await broken.get<FlowsAnswer>(`/api/flows?${window}`)).remarks.join(), /left out/)
    await app.close()
  })

  test('flows as Parquet', async (t) => {
    const folder = await scratchFolder()
    await archive(folder, [testFlow({ octets: 7 }), testFlow({ octets: 9, source: '2001:db8::1' })])
    const store = await openFlowStore(folder, { local: readSettings({}).local })
    t.after(() => store.close())
    const { app } = await appUnderTest(t, { options: { flows: store } })
    const answer = await app.inject(`/api/flows?${window}&format=parquet&order=bytes`)
    assert.equal(answer.headers['content-type'], 'application/vnd.apache.parquet')
    const file = join(folder, 'answer.parquet')
    await writeFile(file, answer.rawPayload)
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const reader = await connection.runAndReadAll(`SELECT source, bytes, epoch_ms(first) AS first FROM '${file}'`) // prettier-ignore
    assert.deepEqual(reader.getRowObjectsJson(), [
      { source: '2001:db8::1', bytes: '9', first: String(t0) },
      { source: '203.0.113.80', bytes: '7', first: String(t0) },
    ])
    const typed = await connection.runAndReadAll(`SELECT typeof(received) AS received, typeof(first) AS first, typeof(last) AS last FROM '${file}' LIMIT 1`) // prettier-ignore
    const inUtc = 'TIMESTAMP WITH TIME ZONE'
    assert.deepEqual(typed.getRowObjectsJson(), [{ received: inUtc, first: inUtc, last: inUtc }])
  })
})

async function manifestFiles(folder: string): Promise<string[]> {
  const reader = new ManifestReader<{ file: string }>(join(folder, 'manifest.jsonl'))
  return (await reader.entries()).map(({ file }) => file)
}
