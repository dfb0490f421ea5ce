/** User documents in real ClickHouse nodes: one server, and replicas without Keeper. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import type { ClickHouseSettings } from '../../../flow/settings/clickhouse-specs.ts'
import { Connection } from '../../../store/clickhouse/connection.ts'
import type { ClickHouseFault } from '../../../store/clickhouse/fault.ts'
import { ClickHouseLogs } from '../../../store/clickhouse/state-logs.ts'
import { insertStateRows, newVersion } from '../../../store/clickhouse/state-rows.ts'
import { ClickHouseState } from '../../../store/clickhouse/state.ts'
import { StateReader, StateStore } from '../../../store/state/files.ts'
import { moveToFiles, moveToClickHouse } from '../../../store/state/move.ts'
import type { StateDocument } from '../../../store/state/state.ts'
import { RunningClickHouse } from '../../clickhouse.ts'
import { scratchFolder } from '../../processes.ts'
import { skipWithoutClickHouse } from '../../setup/clickhouse.ts'
import { until } from '../../until.ts'
import { ownDatabase } from './clickhouse-under-test.ts'
import { refused, stateContract } from '../state/contract.ts'

const user = { role: 'viewer', password: 'hash' }

const layouts: { shards: number; replicas?: number }[] = [{ shards: 1 }, { shards: 1, replicas: 2 }]
for (const layout of layouts) {
  const isAlone = layout.replicas === undefined
  const name = isAlone ? 'one server' : 'two replicas without Keeper'
  describe(name, { skip: skipWithoutClickHouse() }, () => {
    let nodes: RunningClickHouse
    const open: ClickHouseState[] = []

    before(async () => {
      nodes = await RunningClickHouse.start(layout)
    })
    after(async () => {
      for (const state of open) await state.close()
      await nodes?.remove()
    })

    /** Another process on the same database; it queries the node `from`. */
    function opened(
      settings: ClickHouseSettings,
      from = 0,
      { now = Date.now, timeoutMs = 5000 } = {},
    ): ClickHouseState {
      const urls = [...settings.urls.slice(from), ...settings.urls.slice(0, from)]
      const connection = new Connection({ settings: { ...settings, urls }, timeoutMs })
      const state = new ClickHouseState({ connection, now })
      open.push(state)
      return state
    }

    stateContract(async () => {
      const settings = await ownDatabase(nodes)
      return { state: opened(settings), other: opened(settings, nodes.nodes.length - 1) }
    })

    test('of several changes to one revision at once, only one succeeds', async () => {
      const settings = await ownDatabase(nodes)
      const makers = Array.from({ length: 6 }, (_, i) => opened(settings, i % nodes.nodes.length))
      const change = { collection: 'dashboards', id: 'wall' } as const
      let revision = 0
      for (let round = 0; round < 4; round++) {
        const answers = await Promise.allSettled(
          makers.map((maker, i) => maker.change({ ...change, body: { by: i, round }, revision })),
        )
        const won = answers.flatMap((each, i) => (each.status === 'fulfilled' ? [i] : []))
        // Without Keeper, two simultaneous writers may both be told that they succeeded.
        if (isAlone) assert.equal(won.length, 1, JSON.stringify(won))
        assert.ok(won.length > 0)
        for (const each of answers)
          if (each.status === 'rejected') assert.ok(refused('changed')(each.reason))
        const seen = await Promise.all(makers.map((maker) => maker.get('dashboards', 'wall')))
        for (const each of seen) assert.deepEqual(each, seen[0])
        assert.ok(won.includes((seen[0]!.body as { by: number }).by))
        revision = seen[0]!.revision
        assert.equal(revision, round + 1)
      }
    })

    test('changes without a revision are all applied, one after another', async () => {
      const settings = await ownDatabase(nodes)
      const makers = [opened(settings), opened(settings, 1 % nodes.nodes.length)]
      const change = { collection: 'host-names', id: 'a10.0.0.1' } as const
      const answers = await Promise.all(
        makers.flatMap((maker) =>
          Array.from({ length: 5 }, () => maker.change({ ...change, body: { names: [] } })),
        ),
      )
      const last = (await makers[0]!.get('host-names', change.id))!
      assert.ok(answers.some((each) => each!.revision === last.revision))
      if (isAlone) assert.equal(last.revision, 10)
    })

    if (isAlone)
      test('everybody’s logs are read together, newest first', async () => {
        const settings = await ownDatabase(nodes)
        const connections = [0, 1].map(() => new Connection({ settings, timeoutMs: 5000 }))
        let now = Date.UTC(2026, 10, 16, 11, 32)
        const [one, two] = connections.map((each) => new ClickHouseLogs(each, () => (now += 5)))
        await one!.append('audit', { what: 'one √' })
        await two!.append('audit', { what: 'two' })
        await one!.append('alert-history', { what: 'other' })
        await one!.append('audit', { what: 'x'.repeat(10_000) })
        const [newest, second] = await two!.read<{ what?: string; cut?: string }>('audit', 2)
        assert.match(newest!.cut!, /x{4000}/)
        assert.deepEqual(second, { what: 'two' })
        assert.equal((await two!.read('audit', 10)).length, 3)
        for (const each of connections) await each.close()
      })

    if (isAlone)
      test('a data folder’s documents are moved once, do not return when removed, and newer ones come back', async () => {
        const settings = await ownDatabase(nodes)
        const data = await scratchFolder()
        const files = (await StateStore.open(data))!
        for (const id of ['anna', 'bert', 'carl'])
          await files.change({ collection: 'users', id, body: user })
        await files.change({ collection: 'users', id: 'carl', body: { ...user, role: 'admin' } })
        await files.change({ collection: 'dashboards', id: 'wall', body: { title: 'Old' } })
        const before = await files.list('users')
        await files.close()
        const state = opened(settings)
        await state.change({ collection: 'dashboards', id: 'wall', body: { title: 'Shared' } })
        const given = { state, database: settings.database }
        assert.deepEqual(await moveToClickHouse(data, given), { moved: 3, skipped: 1 })
        assert.deepEqual(await state.list('users'), before)
        assert.equal(await moveToClickHouse(data, given), null)

        await state.change({ collection: 'users', id: 'bert' })
        await state.change({ collection: 'users', id: 'anna', body: { ...user, role: 'admin' } })
        assert.deepEqual(await moveToClickHouse(data, { ...given, isAgain: true }), {
          moved: 0,
          skipped: 4,
        })
        assert.equal(await state.get('users', 'bert'), null)
        await moveToFiles(data, state)
        const reader = new StateReader(data)
        const roles = (await reader.list<typeof user>('users')).map(({ id, body }) => [
          id,
          body.role,
        ])
        assert.deepEqual(roles, [
          ['anna', 'admin'],
          ['carl', 'admin'],
        ])
        assert.deepEqual((await reader.get('dashboards', 'wall'))?.body, { title: 'Shared' })
      })

    test('recent answers are cached, and a little longer while nobody answers', async () => {
      const settings = await ownDatabase(nodes)
      let now = Date.now()
      const here = opened(settings, 0, { now: () => now, timeoutMs: 3000 })
      const elsewhere = opened(settings)
      const lately = { keptMs: 2000, awayMs: 10_000 }
      await elsewhere.change({ collection: 'users', id: 'vera', body: user })
      assert.ok(await here.get('users', 'vera', lately))
      await elsewhere.change({ collection: 'users', id: 'vera' })
      now += 1999
      assert.ok(await here.get('users', 'vera', lately), 'a copy of two seconds at the most')
      now += 1
      assert.equal(await here.get('users', 'vera', lately), null)
      // A document missing in the cache is looked up: it may have been created elsewhere a moment
      // ago.
      await elsewhere.change({ collection: 'users', id: 'nora', body: user })
      assert.ok(await here.get('users', 'nora', lately))
      for (const node of nodes.nodes) node.signal('SIGSTOP')
      try {
        now += 5000
        assert.ok(await here.get('users', 'nora', lately), 'known, and not answered')
        now += 5000
        await assert.rejects(here.get('users', 'nora', lately), { statusCode: 503 })
      } finally {
        for (const node of nodes.nodes) node.signal('SIGCONT')
      }
      // A server that was halted may take its time over the first answers.
      const isAway = (error: unknown) => {
        assert.equal((error as ClickHouseFault).kind, 'away')
        return null
      }
      await until(async () => (await here.get('users', 'nora', lately).catch(isAway)) !== null)
    })

    if (isAlone)
      test('lists and counts are bounded, and merges change nothing', async () => {
        const settings = await ownDatabase(nodes)
        const state = opened(settings)
        const connection = new Connection({ settings, timeoutMs: 5000 })
        const documents = Array.from({ length: 500 }, (_, i): StateDocument => ({
          id: `d${i}`,
          revision: 1,
          createdAt: i,
          changedAt: i,
          body: { title: `${i}` },
        }))
        await state.adopt('dashboards', documents)
        const change = { collection: 'dashboards', body: { title: 'more' } } as const
        await assert.rejects(state.change({ ...change, id: 'more' }), refused('full'))
        await state.change({ collection: 'dashboards', id: 'd7' })
        await state.change({ ...change, id: 'more' })
        assert.equal((await state.list('dashboards')).length, 500)
        // A session that ended long ago is forgotten with its history; others never are.
        const session = (id: string, expiresAt: number) => ({
          version: newVersion(1n, Date.now()),
          document: { id, revision: 1, createdAt: 0, changedAt: 0, body: { expiresAt } },
          isRemoved: false,
        })
        const dayMs = 86_400_000
        const ended = [
          session('old', Date.now() - 3 * dayMs),
          session('new', Date.now() - dayMs / 2),
        ]
        await insertStateRows(connection, 'sessions', { rows: ended })
        await state.change({ collection: 'sessions', id: 'new' })
        await connection.run({ sql: `OPTIMIZE TABLE ${settings.database}.state FINAL` })
        assert.equal((await state.list('dashboards')).length, 500)
        assert.equal(await state.get('dashboards', 'd7'), null)
        const sessions = await state.rows('sessions')
        assert.deepEqual(
          sessions.map(({ document, isRemoved }) => [document.id, isRemoved]),
          [['new', true]],
        )
        assert.equal((await state.rows('dashboards')).length, 501)
        // Of two with the same revision the earlier counts, whichever is stored last.
        const row = (id: string, at: number) => ({
          version: newVersion(1n, at),
          document: { id, revision: 1, createdAt: at, changedAt: at, body: { at } },
          isRemoved: false,
        })
        await insertStateRows(connection, 'reports', { rows: [row('a', 1000)] })
        await insertStateRows(connection, 'reports', { rows: [row('a', 2000)] })
        assert.deepEqual((await state.get('reports', 'a'))?.body, { at: 1000 })
        await connection.close()
      })
  })
}
