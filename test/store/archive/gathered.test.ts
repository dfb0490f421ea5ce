/** Gathered flows that queries share: gathered once, kept for a while, and released. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { createFlowColumns } from '../../../flow/columns.ts'
import type { Filter } from '../../../flow/filter.ts'
import { parseFilter } from '../../../flow/filter/parse.ts'
import { GatheredFlows } from '../../../store/archive/held/gathered.ts'
import { heldFlows, type HeldFlows } from '../../../store/archive/held/held-files.ts'

const filters = ['dst port 443', 'dst port 80'].map((text) => parseFilter(text)!)
const [filter, other] = filters as [Filter, Filter]
const hour = { from: 0, to: 60, filter, paths: ['x', 'y'] }

/** This many flows; only their number matters. */
function someFlows(count: number): HeldFlows[] {
  return [{ ...heldFlows(createFlowColumns(1)), flows: { ...createFlowColumns(1), count } }]
}

function gatheredFlows(keptMs = 60_000) {
  const gone: HeldFlows[] = []
  let times = 0
  const gathered = new GatheredFlows((flows) => void gone.push(flows), { keptMs })
  const gather = (rows: number | null) => async () => {
    times++
    return rows === null ? null : someFlows(rows)
  }
  /** The flows of one query, while others use each filter too. */
  const take = (window: typeof hour, gatherOne = gather(5)) =>
    gathered.ask(window, gatherOne, (flows) => Promise.resolve(flows))
  let leave = () => {}
  const leaving = new Promise<null>((resolve) => (leave = () => resolve(null)))
  for (const each of filters) void gathered.ask({ ...hour, filter: each }, gather(5), () => leaving)
  return { gathered, gather, gone, times: () => times, take, leave }
}

test('simultaneous and repeated queries gather once, and the flows are released when unused', async () => {
  for (const keptMs of [500, 5000, 50_000]) if (await areKeptWhileUsed(keptMs)) return
  assert.fail('no pause was short enough')
})

/**
 * False if the machine made a pause so long that the flows were rightly released in it: then they
 * must be kept for longer.
 */
async function areKeptWhileUsed(keptMs: number): Promise<boolean> {
  const { gathered, gather, gone, times, take } = gatheredFlows(keptMs)
  let usedMs = performance.now()
  const both = await Promise.all([take(hour, gather(5)), take(hour, gather(5))])
  assert.equal(both[0], both[1])
  for (let use = 0; use < 2; use++) {
    await sleep(keptMs * 0.6)
    const isReleased = gone.length > 0
    if (performance.now() - usedMs >= keptMs) return false
    assert.ok(!isReleased)
    usedMs = performance.now()
    assert.equal(await take(hour, gather(5)), both[0])
  }
  assert.equal(times(), 1)
  while (gone.length === 0) await sleep(keptMs / 10)
  assert.deepEqual(gone, both[0])
  await take(hour, gather(5))
  assert.equal(times(), 2)
  gathered.close()
  assert.equal(gone.length, 2)
  return true
}

test('a window within the gathered one is served; another filter, a new file or a wider window is not', async (t) => {
  const { gathered, gather, times, take } = gatheredFlows()
  t.after(() => gathered.close())
  const all = await take(hour, gather(5))
  assert.equal(await take({ ...hour, from: 10, to: 20, paths: ['y'] }, gather(1)), all)
  const others = [{ filter: other }, { paths: ['y', 'z'] }, { to: 70 }]
  for (const [i, each] of others.entries()) {
    assert.notEqual(await take({ ...hour, ...each }, gather(1)), all)
    assert.equal(times(), 2 + i)
  }
})

test('a window with too many flows is remembered as such, and a part of it is gathered separately', async (t) => {
  const { gathered, gather, times, take } = gatheredFlows()
  t.after(() => gathered.close())
  const part = { ...hour, to: 30 }
  const both = [take(hour, gather(null)), take(part, gather(7))]
  const [whole, flows] = await Promise.all(both)
  assert.deepEqual([whole, flows?.length], [null, 1])
  assert.equal(await take(hour, gather(7)), null)
  assert.equal(await take(part, gather(7)), flows)
  assert.equal(times(), 2)
})

test('a query that waited for one that fails gathers for itself', async (t) => {
  const { gathered, gather, times, take } = gatheredFlows()
  t.after(() => gathered.close())
  const failing = take(hour, () => Promise.reject(new Error('called off')))
  const waiting = take(hour, gather(7))
  await assert.rejects(failing, /called off/)
  assert.equal((await waiting)?.length, 1)
  assert.equal(times(), 1)
})

test('beyond the row limit, the least recently used flows are released', async (t) => {
  const { gathered, gather, gone, take } = gatheredFlows()
  t.after(() => gathered.close())
  const windows = [0, 1, 2, 3].map((i) => ({ ...hour, from: -i, to: 60 - i }))
  const taken = []
  for (const window of windows.slice(0, 3)) taken.push(await take(window, gather(200_000)))
  await take(windows[0]!, gather(1))
  await take(windows[3]!, gather(200_000))
  assert.deepEqual(gone, taken[1])
})

test('a single query gathers nothing, and uses what is there', async (t) => {
  const { gathered, gather, times, take, leave } = gatheredFlows()
  t.after(() => gathered.close())
  leave()
  await sleep(0)
  assert.equal(await take(hour), null)
  assert.equal(times(), 0)
  const [alone, both] = await Promise.all([take(hour), take(hour)])
  assert.deepEqual([alone, both?.length], [null, 1])
  assert.equal(await take(hour, gather(null)), both)
})
