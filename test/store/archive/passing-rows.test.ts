/** The flows that pass a filter are the same the first time, later, and without space to keep them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'

import { columnNames } from '../../../flow/columns.ts'
import { parseFilter } from '../../../flow/filter/parse.ts'
import { compilePredicate } from '../../../flow/filter/predicate.ts'
import type { Include } from '../../../store/flows.ts'
import { GroupReader } from '../../../store/archive/scanned/group-reader.ts'
import { PassingRows } from '../../../store/archive/scanned/passing-rows.ts'
import type { ScannedWindow } from '../../../store/archive/scanned/requests.ts'
import { SelectedGroup } from '../../../store/archive/scanned/selected-group.ts'
import { t0 } from './archived.ts'
import { flowsOfKinds, twoFiles } from './flows-of-kinds.ts'

/** It recognizes the row groups of files that it has read before. */
const reader = new GroupReader()
/** Of few flows, of many, and of none. */
const filters = ['host 0.0.0.7', 'src net fe80::/64', 'port 443', 'bytes > 1000000000', 'host 192.0.2.1'] // prettier-ignore
const whole = { from: t0 - 1_000_000, to: t0 + 1_000_000 }
const part = { from: t0 - 50_000, to: t0 - 10_000 }

/** By column or amount, the values of the flows selected in the first row group of a file. */
function selected(path: string, text: string, window: ScannedWindow, passingRows: PassingRows) {
  const filter = { key: text, predicate: compilePredicate(parseFilter(text)) }
  const isInside = window.from === whole.from
  const values: Record<string, number[]> = {}
  reader.read(path, 0, (group) => {
    const { rows } = SelectedGroup.select(group, { window, filter, isInside }, passingRows)
    const put = (name: string, column: ArrayLike<number>, words: 1 | 2) =>
      (values[name] = Array.from(rows, (row) => [column[words * row]!, column[words * row + words - 1]!]).flat()) // prettier-ignore
    for (const name of columnNames) put(name, group.flows[name], /(High|Low)$/.test(name) ? 2 : 1)
    put('bytes', group.bytes, 1)
    put('packets', group.packets, 1)
  })
  return values
}

/** The flows of each filter, window and way to belong to it, from both files of an archive. */
function eachSelected(paths: readonly string[], passingRows: () => PassingRows) {
  const includes: Include[] = ['any', 'end']
  return paths.flatMap((path) =>
    filters.flatMap((text) =>
      [whole, part].flatMap((times) =>
        includes.map((include) => selected(path, text, { ...times, include }, passingRows())),
      ),
    ),
  )
}

test('flows that pass a filter are the same when they are kept as when they are read again', async () => {
  const ofOneDuration = () => {
    const flows = flowsOfKinds()
    flows.flowStartMilliseconds.forEach(
      (start, row) => (flows.flowEndMilliseconds[row] = start + 7),
    )
    return flows
  }
  for (const flowsOf of [flowsOfKinds, ofOneDuration]) {
    const { paths } = await twoFiles(flowsOf)
    const expected = eachSelected(paths, () => new PassingRows(0))
    assert.ok(expected.some(({ bytes }) => bytes!.length > 0))
    const [ample, scant] = [new PassingRows(1 << 22), new PassingRows(20_000)]
    for (const passingRows of [ample, ample, scant, scant])
      // A difference of so many values would take minutes to print.
      assert.ok(
        isDeepStrictEqual(
          eachSelected(paths, () => passingRows),
          expected,
        ),
      )
    assert.ok(ample.bytes > scant.bytes && scant.bytes > 0 && scant.bytes <= 20_000)
  }
})

test('the filter that was used last has space, and of others what fits beside it', async () => {
  const { paths } = await twoFiles()
  const bytesOf = (texts: readonly string[], bytesMax: number) => {
    const passingRows = new PassingRows(bytesMax)
    for (const text of texts) selected(paths[0], text, { ...whole, include: 'any' }, passingRows)
    return passingRows.bytes
  }
  const [first, second] = ['host 0.0.0.7', 'host 0.0.0.8'] as const
  const [one, other] = [bytesOf([first], 1 << 22), bytesOf([second], 1 << 22)]
  assert.ok(one > 0 && other > 0)
  assert.equal(bytesOf([first, second], one + other), one + other)
  assert.equal(bytesOf([first, second, first], one + other), one + other)
  const max = Math.max(one, other)
  assert.equal(bytesOf([first, second], max), other)
  assert.equal(bytesOf([second, first], max), one)
})
