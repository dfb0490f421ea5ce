/** What must hold for user documents, wherever they are stored. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { collections, StateRefused, type OpenState } from '../../../store/state/state.ts'

export function refused(reason: string): (error: unknown) => boolean {
  return (error) => error instanceof StateRefused && error.reason === reason
}

/** `empty` returns a state without documents, and another process's view of it. */
export function stateContract(
  empty: () => Promise<{ state: OpenState; other: Pick<OpenState, 'list' | 'get'> }>,
): void {
  test('changing a document requires its revision', async () => {
    const { state: store, other } = await empty()
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
    for (const each of [store, other]) {
      const { body, revision, createdAt } = (await each.get('dashboards', 'wall'))!
      assert.deepEqual([body, revision, createdAt], [{ title: 'A' }, 2, made.createdAt])
    }
    assert.equal(await store.change(change), null)
    await assert.rejects(store.change(change), refused('absent'))
    await assert.rejects(store.change({ ...change, body: {}, revision: 2 }), refused('changed'))
    for (const each of [store, other]) {
      assert.equal(await each.get('dashboards', 'wall'), null)
      assert.deepEqual(await each.list('dashboards'), [])
    }
    assert.equal((await store.change({ ...change, body: {}, revision: 0 }))?.revision, 1)
    await store.close()
  })

  test('documents are listed in order of creation, with their text unchanged', async () => {
    const { state: store, other } = await empty()
    const collection = 'annotations'
    const text = '√ "first"\n\\ \u2028 {b:String} \t 𝄞'
    for (const id of ['z', 'a', 'm']) {
      await store.change({ collection, id, body: { text: `${text} ${id}` } })
      await new Promise((resolve) => setTimeout(resolve, 3))
    }
    await store.change({ collection, id: 'z', body: { text, nested: [1.5, null, { deep: true }] } })
    for (const each of [store, other]) {
      const all = await each.list<{ text: string }>(collection)
      assert.deepEqual(
        all.map(({ id }) => id),
        ['z', 'a', 'm'],
      )
      assert.deepEqual(all[0]!.body, { text, nested: [1.5, null, { deep: true }] })
      assert.equal(all[1]!.body.text, `${text} a`)
      assert.equal(await each.get('dashboards', 'z'), null)
    }
    await store.close()
  })

  test('documents that are too large or too many, or have an invalid id, are refused', async () => {
    const { state: store } = await empty()
    const collection = 'users'
    const body = { text: 'x'.repeat(collections.users.bytesMax) }
    await assert.rejects(store.change({ collection, id: 'a', body }), refused('too-large'))
    await store.change({ collection, id: 'vera@example.org', body: {} })
    for (const id of ['', '../a', 'a/b', 'a b', '.a', '@a', 'x'.repeat(101)])
      await assert.rejects(store.change({ collection, id, body: {} }), refused('bad-id'), id)
    await store.close()
  })

  test('listeners are notified of changes', async () => {
    const { state: store } = await empty()
    const told: string[] = []
    store.onChange(({ collection }) => told.push(collection))
    await store.change({ collection: 'trackers', id: 'a', body: {} })
    await store.change({ collection: 'trackers', id: 'a' })
    assert.deepEqual(told, ['trackers', 'trackers'])
    await store.close()
  })
}
