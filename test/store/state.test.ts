/** What people make is kept whole, by one writer, within bounds. */
import assert from 'node:assert/strict'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { appendLog, readLog } from '../../store/state-log.ts'
import { StateReader, StateRefused, StateStore, collections } from '../../store/state.ts'
import { scratchFolder } from '../processes.ts'

async function opened(data: string): Promise<StateStore> {
  const store = await StateStore.open(data)
  assert.ok(store)
  return store
}

function refused(reason: string): (error: unknown) => boolean {
  return (error) => error instanceof StateRefused && error.reason === reason
}

test('a document is changed only by who says its revision', async () => {
  const store = await opened(await scratchFolder())
  const change = { collection: 'dashboards', id: 'wall' } as const
  const made = await store.change({ ...change, body: { title: 'Wall' }, revision: 0 })
  assert.equal(made?.revision, 1)
  await assert.rejects(store.change({ ...change, body: {}, revision: 0 }), refused('changed'))
  const both = await Promise.allSettled([
    store.change({ ...change, body: { title: 'A' }, revision: 1 }),
    store.change({ ...change, body: { title: 'B' }, revision: 1 }),
  ])
  assert.deepEqual(
    both.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
  assert.deepEqual((await store.get('dashboards', 'wall'))?.body, { title: 'A' })
  assert.equal(await store.change(change), null)
  await assert.rejects(store.change(change), refused('absent'))
  await store.close()
})

test('there is one writer; readers follow it, and a line that a crash cut off has not happened', async () => {
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

test('what is too much or has no plain name is refused', async () => {
  const store = await opened(await scratchFolder())
  const collection = 'users'
  const body = { text: 'x'.repeat(collections.users.bytesMax) }
  await assert.rejects(store.change({ collection, id: 'a', body }), refused('too-large'))
  for (const id of ['', '../a', 'a/b', 'a b', '.a', 'x'.repeat(101)])
    await assert.rejects(store.change({ collection, id, body: {} }), refused('bad-id'), id)
  await store.close()
})

test('logs give their newest entries first, and a torn line is none', async () => {
  const data = await scratchFolder()
  for (const what of ['one', 'two', 'three']) await appendLog(data, 'audit', { what })
  await appendFile(join(data, 'state', 'audit.log'), '{"what":"to')
  assert.deepEqual(await readLog(data, 'audit', 2), [{ what: 'three' }, { what: 'two' }])
})
