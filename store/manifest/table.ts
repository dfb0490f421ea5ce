/**
 * Many manifest entries as columns: a third of a kilobyte each, mostly repeated names and digits, they were
 * most of what a start read. Whole numbers are stored as differences from the row before, texts by the length
 * of the prefix shared with it; a value common to all rows is stored once.
 */

/** The content of a column, first row to last. */
type Column =
  | { same: unknown }
  | { steps: number[] }
  | { shared: number[]; rest: string[] }
  | { plain: unknown[] }

export interface EntryTable {
  rows: number
  /** In the order of an entry's properties. */
  columns: Record<string, Column>
}

/** The entries as a table; null if their properties differ, in name or order, or one has a value that JSON omits. */
export function tableOf<Entry extends object>(entries: readonly Entry[]): EntryTable | null {
  const [first] = entries
  if (first === undefined) return null
  const names = Object.keys(first)
  const columns: EntryTable['columns'] = {}
  for (const entry of entries) {
    const own = Object.keys(entry)
    if (own.length !== names.length || own.some((name, i) => name !== names[i])) return null
  }
  for (const name of names) {
    const values = entries.map((entry) => (entry as Record<string, unknown>)[name])
    if (values.includes(undefined)) return null
    columns[name] = columnOf(values)
  }
  return { rows: entries.length, columns }
}

/** The entries of a table, in order. */
export function entriesOf<Entry extends object>({ rows, columns }: EntryTable): Entry[] {
  // All are copies of one object, so that they share a hidden class: a year of files takes half the time.
  const model = Object.fromEntries(Object.keys(columns).map((name) => [name, null]))
  const entries: Record<string, unknown>[] = Array.from({ length: rows }, () => ({ ...model }))
  for (const [name, column] of Object.entries(columns)) fill(entries, name, column)
  return entries as Entry[]
}

function columnOf(values: readonly unknown[]): Column {
  const [first] = values
  if (typeof first !== 'object' && values.every((value) => value === first)) return { same: first }
  if (values.every((value) => typeof value === 'string')) return textsOf(values)
  return stepsOf(values) ?? { plain: [...values] }
}

/** Null if a number or a difference is not exact as a double. */
function stepsOf(values: readonly unknown[]): Column | null {
  const steps: number[] = []
  let before = 0
  for (const value of values) {
    if (!Number.isSafeInteger(value)) return null
    const step = (value as number) - before
    if (!Number.isSafeInteger(step)) return null
    steps.push(step)
    before = value as number
  }
  return { steps }
}

function textsOf(values: readonly string[]): Column {
  const shared: number[] = []
  const rest: string[] = []
  let before = ''
  for (const value of values) {
    const most = Math.min(before.length, value.length)
    let count = 0
    while (count < most && before.charCodeAt(count) === value.charCodeAt(count)) count++
    shared.push(count)
    rest.push(value.slice(count))
    before = value
  }
  return { shared, rest }
}

function fill(entries: Record<string, unknown>[], name: string, column: Column): void {
  if ('same' in column) for (const entry of entries) entry[name] = column.same
  else if ('plain' in column) entries.forEach((entry, row) => (entry[name] = column.plain[row]))
  else if ('steps' in column) {
    let number = 0
    entries.forEach((entry, row) => (entry[name] = number += column.steps[row]!))
  } else {
    let text = ''
    entries.forEach((entry, row) => {
      text = text.slice(0, column.shared[row]) + column.rest[row]!
      entry[name] = text
    })
  }
}
