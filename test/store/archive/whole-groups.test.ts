/** Series are the same whether the sums of whole row groups are kept from other windows or added anew. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { NetworkSet, parseNetwork } from '../../../flow/address.ts'
import { parseFilter } from '../../../flow/filter/parse.ts'
import { compilePredicate } from '../../../flow/filter/predicate.ts'
import type { PackedSteps } from '../../../store/archive/answer/step-sums.ts'
import { GroupReader } from '../../../store/archive/scanned/group-reader.ts'
import { KeptByGroup } from '../../../store/archive/scanned/kept-by-group.ts'
import { PassingRows } from '../../../store/archive/scanned/passing-rows.ts'
import type { StepsQuery } from '../../../store/archive/scanned/requests.ts'
import { timesOf } from '../../../store/archive/scanned/row-group.ts'
import { groupsWithin, Scanner } from '../../../store/archive/scanned/scanner.ts'
import { SelectedGroup } from '../../../store/archive/scanned/selected-group.ts'
import { Steps, type WholeGroups } from '../../../store/archive/scanned/steps.ts'
import { seed } from '../../drawn.ts'
import { t0 } from './archived.ts'
import { flowsOfKinds, twoFiles } from './flows-of-kinds.ts'

const local = new NetworkSet([parseNetwork('fe80::/16')!])

/** Of two exporters. */
function ofTwoExporters() {
  const flows = flowsOfKinds()
  for (let row = 0; row < flows.count; row += 3) flows.exporterAddressLow[2 * row] = 2
  return flows
}

/** What is found in both files, and how many of them were not read. */
function found(paths: readonly string[], query: StepsQuery, whole: WholeGroups) {
  const { from, to, filter } = query.window
  const keyed = filter ? { key: JSON.stringify(filter), predicate: compilePredicate(filter) } : null
  const steps = new Steps(query, { local, whole })
  // A row group has the same name for every reader, as after its file's footer was dropped.
  const reader = new GroupReader()
  let unread = 0
  for (const path of paths)
    reader.read(path, 0, (group) => {
      const times = timesOf(group.place)
      // Of a file in order of receipt only the manifest knows the times.
      const isFileInside = from <= t0 - 250_000 && to >= t0 + 10_000
      const [within] = groupsWithin([times], { path, isInside: isFileInside }, query.window)
      if (!within) return
      const { isInside } = within
      if (isInside && steps.takeKept(group.name)) unread++
      else {
        const selection = { window: query.window, filter: keyed, isInside }
        steps.take(SelectedGroup.select(group, selection, new PassingRows(0)))
      }
    })
  return { sums: steps.found(), unread }
}

const none = () => new KeptByGroup<PackedSteps>(0)
const ample = () => new KeptByGroup<PackedSteps>(1 << 24)

function queryOf(
  from: number,
  to: number,
  asked: Partial<Omit<StepsQuery['window'], 'from' | 'to'>> = {},
): StepsQuery {
  const window = { from, to, include: 'any', filter: undefined, stepMs: 10_000, only: undefined } as const // prettier-ignore
  return { kind: 'steps', window: { ...window, ...asked }, by: [], keys: null, hasDirection: false }
}

test('sums of whole row groups serve all windows in the same steps, and no other question', async () => {
  const { paths } = await twoFiles(ofTwoExporters)
  const whole = ample()
  const unread = (query: StepsQuery) => {
    const { sums, unread: count } = found(paths, query, whole)
    assert.deepEqual(sums, found(paths, query, none()).sums)
    return count
  }
  const [from, to] = [t0 - 400_000, t0 + 400_000]
  const filter = parseFilter('dst port 443')!
  assert.equal(unread(queryOf(from, to)), 0)
  assert.equal(unread(queryOf(from, to)), 2)
  assert.equal(unread(queryOf(from - 50_000, to + 1_000_000)), 2)
  assert.equal(unread(queryOf(from, to, { include: 'within' })), 2)
  assert.equal(unread(queryOf(t0 - 100_000, to)), 0)
  assert.equal(unread(queryOf(from + 1000, to + 1000)), 0)
  assert.equal(unread(queryOf(from, to, { stepMs: 20_000 })), 0)
  assert.equal(unread(queryOf(from, to, { only: 'bytes' })), 0)
  assert.equal(unread(queryOf(from, to, { filter })), 0)
  assert.equal(unread({ ...queryOf(from, to), by: ['host'], keys: [[0n], [0xffff_0000_0007n]] }), 0)
  assert.equal(unread({ ...queryOf(from, to), hasDirection: true }), 0)
  assert.equal(unread({ ...queryOf(from - 80_000, to), hasDirection: true }), 2)
  assert.equal(unread(queryOf(from, to, { filter })), 2)
})

test('what scans of one reading ask alike is summed and kept once', async () => {
  const { paths } = await twoFiles(ofTwoExporters)
  const query = queryOf(t0 - 400_000, t0 + 400_000)
  const bytesOf = (scans: number) => {
    const whole = ample()
    const all = Array.from({ length: scans }, () => new Steps(query, { local, whole }))
    new GroupReader().read(paths[0], 0, (group) => {
      const selection = { window: query.window, filter: null, isInside: true }
      const selected = SelectedGroup.select(group, selection, new PassingRows(0))
      for (const steps of all) steps.take(selected)
    })
    for (const steps of all) assert.deepEqual(steps.found(), all[0]!.found())
    return whole.bytes
  }
  assert.equal(bytesOf(2), bytesOf(1))
})

test('of any windows asked one after the other each is as if it were the only one', async (t) => {
  const { paths } = await twoFiles(ofTwoExporters)
  const scanner = new Scanner(2, { local: local.networks })
  t.after(() => scanner.close())
  const drawn = fc.record({
    from: fc.integer({ min: -500, max: -100 }),
    to: fc.integer({ min: -50, max: 500 }),
    stepMs: fc.constantFrom(1000, 7000, 60_000, 400_000),
    only: fc.constantFrom(undefined, 'bytes', 'packets', 'flows'),
    text: fc.constantFrom('bytes > 0', 'dst port 443', 'src net 10.0.0.0/8'),
    hasDirection: fc.boolean(),
  })
  const property = fc.asyncProperty(drawn, async ({ from, to, text, hasDirection, ...asked }) => {
    const start = Math.floor((t0 + from * 1000) / asked.stepMs) * asked.stepMs
    const end = Math.ceil((t0 + to * 1000) / asked.stepMs) * asked.stepMs
    const window = { ...asked, filter: parseFilter(text)! }
    const query = { ...queryOf(start, end, window), hasDirection }
    const files = from < -250 && to > 10 ? { inside: paths, edge: [] } : { inside: [], edge: paths }
    const groups = await scanner.groups({ ...files, most: 0 }, query.window)
    const sums = await scanner.scan(query, groups!, { session: { goesOn: () => undefined } })
    assert.deepEqual(sums, found(paths, query, none()).sums)
  })
  await fc.assert(property, { numRuns: 150, seed })
})
