/** User documents are stored whole, by one writer, within bounds. */
import assert from 'node:assert/strict'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import { StateReader, StateStore } from '../../../store/state/files.ts'
import { appendLog, readLog } from '../../../store/state/log.ts'
import { scratchFolder } from '../../processes.ts'
import { stateContract } from './contract.ts'

async function opened(data: string): Promise<StateStore> {
  const store = await StateStore.open(data)
  assert.ok(store)
  return store
}

describe('in the data folder', () => {
  stateContract(async () => {
    const data = await scratchFolder()
    return { state: await opened(data), other: new StateReader(data) }
  })
})

test('there is one writer; readers follow it, and a line cut off by a crash is ignored', async () => {
  const data = await scratchFolder()
  const store = await opened(data)
  assert.equal(await StateStore.open(data), null)
  const reader = new StateReader(data)
  assert.deepEqual(await reader.list('annotations'), [])
  await store.change({ collection: 'annotations', id: 'a', body: { text: '√ first' } })
  assert.deepEqual((await reader.get('annotations', 'a'))?.body, { text: '√ first' })
  await store.close()
  await appendFile(join(data, 'state', 'annotations.jsonl'), '0badc0de {"add":[{"fi')
  const again = await opened(data)
  await again.change({ collection: 'annotations', id: 'b', body: {} })
  assert.deepEqual(
    (await reader.list('annotations')).map(({ id }) => id),
    ['a', 'b'],
  )
  await again.close()
})

test('logs return their newest entries first, and skip a torn line', async () => {
  const data = await scratchFolder()
  for (const what of ['one', 'two', 'three']) await appendLog(data, 'audit', { what })
  await appendFile(join(data, 'state', 'audit.log'), '{"what":"to')
  assert.deepEqual(await readLog(data, 'audit', 2), [{ what: 'three' }, { what: 'two' }])
})

test('entries written at once keep their order, and a log that is full is kept', async () => {
  const data = await scratchFolder()
  await appendLog(data, 'audit', { what: 'old' })
  await appendFile(join(data, 'state', 'audit.log'), `${'x'.repeat(9 << 20)}\n`)
  const entries = Array.from({ length: 20 }, (_, what) => ({ what }))
  await Promise.all(entries.map((entry) => appendLog(data, 'audit', entry)))
  assert.deepEqual(await readLog(data, 'audit', 30), [...entries.toReversed(), { what: 'old' }])
})
