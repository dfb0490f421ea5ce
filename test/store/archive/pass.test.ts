/** How scans share a pass through row groups. */
import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { test } from 'node:test'

import fc from 'fast-check'

import { Pass, type GroupForScans, type PassScan } from '../../../store/archive/scanned/pass.ts'
import { seed } from '../../drawn.ts'

const groupsOf = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({ path: `${from + i}`, group: 0, rows: 1, isInside: true })) // prettier-ignore

const plain: Omit<PassScan, 'groups'> = {
  goesOn: () => undefined,
  keysMax: 1000,
  progress: undefined,
}

/** A pass that records what the threads are asked to read; each call takes a turn. */
function recorded(
  keysOf: (id: number, path: string) => number | null = () => 0,
  threads = 2,
): { pass: Pass; taken: GroupForScans[] } {
  const taken: GroupForScans[] = []
  const pass = new Pass(threads, async (_, each) => {
    taken.push(each)
    await nextTurn()
    return each.scans.map(({ id }) => keysOf(id, each.path))
  })
  return { pass, taken }
}

const takenBy = (taken: readonly GroupForScans[], id: number) =>
  taken.filter(({ scans }) => scans.some((scan) => scan.id === id)).map(({ path }) => path)

test('a scan that joins at any time has each of its row groups read once', async () => {
  const joining = fc.record({ from: fc.nat(20), count: fc.nat(20), turns: fc.nat(6) })
  const property = fc.asyncProperty(fc.array(joining, { maxLength: 6 }), async (given) => {
    const { pass, taken } = recorded()
    const scans = given.map(async ({ from, count, turns }, id) => {
      for (let turn = 0; turn < turns; turn++) await nextTurn()
      const groups = groupsOf(from, from + count)
      const shares: number[] = []
      const progress = (share: number) => void shares.push(share)
      assert.equal(await pass.add(id, { ...plain, groups, progress }), 0)
      assert.deepEqual(takenBy(taken, id).toSorted(), groups.map(({ path }) => path).toSorted())
      assert.deepEqual(shares, groups.map((_, i) => (i + 1) / count))
    }) // prettier-ignore
    await Promise.all(scans)
  })
  await fc.assert(property, { numRuns: 200, seed })
})

test('a row group wanted by several scans is read once for all of them', async () => {
  const { pass, taken } = recorded()
  const first = pass.add(1, { ...plain, groups: groupsOf(0, 20) })
  for (let turn = 0; turn < 2; turn++) await nextTurn()
  await Promise.all([first, pass.add(2, { ...plain, groups: groupsOf(0, 20) })])
  const shared = taken.filter(({ scans }) => scans.length === 2).length
  assert.ok(shared >= 8, `${shared} of 20 shared`)
  assert.equal(taken.length, 40 - shared)
  // Two threads, each with one in progress and one waiting: the first scan continues, and no more
  // begin.
  const { pass: another, taken: atOnce } = recorded()
  const scans = [1, 2, 3].map((id) => another.add(id, { ...plain, groups: groupsOf(0, 20) }))
  assert.equal(atOnce.length, 4)
  await Promise.all(scans)
})

test('a scan that is aborted, has too many keys or fails leaves, and the others continue', async () => {
  const { pass, taken } = recorded((id, path) =>
    path === '5' ? ([0, 0, 1001, null, 0][id] as number | null) : 0,
  )
  let asked = 0
  const goesOn = () => {
    if (++asked > 3) throw new Error('the asker has gone')
  }
  const groups = groupsOf(0, 20)
  const leaving = pass.add(1, { ...plain, groups, goesOn })
  const scans = [2, 3, 4].map((id) => pass.add(id, { ...plain, groups }))
  await assert.rejects(leaving, /the asker has gone/)
  assert.deepEqual(await Promise.all(scans), [1001, 0, 0])
  for (const id of [1, 2, 3]) assert.ok(takenBy(taken, id).length < 12, `${id} went on`)
  assert.equal(takenBy(taken, 4).length, 20)
})

test('an unreadable row group is reported to the scans that want it', async () => {
  const { pass } = recorded((_, path) => {
    if (path === '5') throw new Error('the file ends before its columns do')
    return 0
  })
  const scans = [pass.add(1, { ...plain, groups: groupsOf(0, 10) }), pass.add(2, { ...plain, groups: groupsOf(6, 10) })] // prettier-ignore
  await assert.rejects(scans[0]!, /the file ends before/)
  assert.equal(await scans[1], 0)
})

test('a thread gets the row groups that it had before, and those of a busy one', async () => {
  const taken: Map<string, number>[] = []
  let isSlow = false
  const pass = new Pass(2, async (thread, { path, scans }) => {
    taken.at(-1)!.set(path, thread)
    for (let turn = 0; turn < (isSlow && thread === 1 ? 100 : 1); turn++) await nextTurn()
    return scans.map(() => 0)
  })
  for (let id = 0; id < 2; id++) {
    taken.push(new Map())
    // In a different order each time.
    const groups = id === 0 ? groupsOf(0, 20) : groupsOf(0, 20).toReversed()
    await pass.add(id, { ...plain, groups })
  }
  for (const [path, thread] of taken[0]!) assert.equal(taken[1]!.get(path), thread, path)
  assert.equal(new Set(taken[0]!.values()).size, 2)
  isSlow = true
  taken.push(new Map())
  await pass.add(2, { ...plain, groups: groupsOf(0, 20) })
  assert.ok([...taken[2]!.values()].filter((thread) => thread === 0).length > 15)
})
