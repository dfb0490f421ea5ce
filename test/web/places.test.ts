import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { freePlace, movedPlace, settled, type Place } from '../../web/dashboards/editor/places.ts'

const place = (column: number, row: number, columns: number, rows: number): Place => ({
  column,
  row,
  columns,
  rows,
})

function meet(a: Place, b: Place): boolean {
  const across = a.column < b.column + b.columns && b.column < a.column + a.columns
  return across && a.row < b.row + b.rows && b.row < a.row + a.rows
}

const places = fc.array(
  fc
    .tuple(fc.nat(11), fc.nat(12), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 6 }))
    .map(([column, row, columns, rows]) => place(Math.min(column, 12 - columns), row, columns, rows)), // prettier-ignore
  { minLength: 1, maxLength: 12 },
)

test('a place stays on the grid, however far it is moved or resized', () => {
  const first = place(9, 2, 3, 2)
  assert.deepEqual(movedPlace(first, { columns: 5, rows: -9 }, false), place(9, 0, 3, 2))
  assert.deepEqual(movedPlace(first, { columns: -20, rows: 1 }, false), place(0, 3, 3, 2))
  assert.deepEqual(movedPlace(first, { columns: 5, rows: -9 }, true), place(9, 2, 3, 1))
})

test('a panel under a moved one makes way downward, and so does what it then covers', () => {
  const three = [place(0, 0, 6, 2), place(0, 2, 6, 2), place(6, 0, 6, 2)]
  const moved = settled([place(0, 1, 6, 2), three[1]!, three[2]!], 0)
  assert.deepEqual(moved, [place(0, 1, 6, 2), place(0, 3, 6, 2), place(6, 0, 6, 2)])
  const two = settled([three[0]!, three[1]!, place(0, 0, 6, 2)], 2)
  assert.deepEqual(two, [place(0, 2, 6, 2), place(0, 4, 6, 2), place(0, 0, 6, 2)])
})

test('after any change no panels overlap, and the changed one is where it was put', () => {
  fc.assert(
    fc.property(places, fc.nat(11), (given, which) => {
      const changed = which % given.length
      const made = settled(given, changed)
      assert.deepEqual(made[changed], given[changed])
      for (let a = 0; a < made.length; a++)
        for (let b = 0; b < a; b++) assert.ok(!meet(made[a]!, made[b]!))
      // Panels in nobody's way have not moved, and the others only down.
      for (const [i, each] of made.entries()) {
        assert.ok(each.row >= given[i]!.row)
        assert.deepEqual({ ...each, row: given[i]!.row }, given[i])
      }
    }),
  )
})

test('a new panel goes to the first free place, from the top and the left', () => {
  assert.deepEqual(freePlace([], { columns: 6, rows: 4 }), place(0, 0, 6, 4))
  const one = [place(0, 0, 9, 5), place(9, 0, 3, 2)]
  assert.deepEqual(freePlace(one, one[1]!), place(9, 2, 3, 2))
  assert.deepEqual(freePlace(one, { columns: 6, rows: 4 }), place(0, 5, 6, 4))
  fc.assert(
    fc.property(places, (given) => {
      const free = freePlace(given, { columns: 4, rows: 3 })
      assert.ok(given.every((each) => !meet(each, free)))
    }),
  )
})
