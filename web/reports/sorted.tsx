/** A table that is sorted by clicking a column's head. */
import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'

export interface Column<Row> {
  id: string
  label: string
  title?: string
  /** Left-aligned. */
  isText?: boolean
  /** Long texts, which wrap if there is not enough space. */
  wraps?: boolean
  /** The sort key; numbers sort greatest first. */
  value: (row: Row) => number | string
  cell: (row: Row) => ComponentChildren
  hint?: (row: Row) => string | undefined
}

/** Several columns as one that wraps: on a phone what a row is about leaves room for its figures. */
export function together<Row>(columns: readonly Column<Row>[]): Column<Row> {
  const [first] = columns
  return {
    id: 'together',
    label: columns.map(({ label }) => label).join(' '),
    isText: true,
    wraps: true,
    value: (row) => first?.value(row) ?? '',
    cell: (row) =>
      columns.map((column) => (
        <span key={column.id} class="together" title={column.label}>
          {column.cell(row)}
        </span>
      )),
  }
}

export function SortedTable<Row>(props: {
  label: string
  rows: readonly Row[]
  columns: readonly Column<Row>[]
  rowKey: (row: Row) => string
  foot?: ComponentChildren
}) {
  const { label, rows, columns, rowKey, foot } = props
  /** The sort column and direction; null: as the API gave them. */
  const order = useSignal<{ id: string; isDown: boolean } | null>(null)
  const by = columns.find(({ id }) => id === order.value?.id)
  const shown = by ? sorted(rows, by, order.value!.isDown) : rows
  const press = ({ id, isText = false }: Column<Row>) => {
    const now = order.value
    order.value = now?.id === id ? { id, isDown: !now.isDown } : { id, isDown: !isText }
  }
  const direction = (id: string) =>
    order.value?.id === id ? (order.value.isDown ? 'descending' : 'ascending') : undefined
  return (
    <section class="panel scrolled" aria-label={label} tabIndex={0}>
      <table class="figures report">
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.id}
                scope="col"
                class={column.isText ? 'text' : ''}
                aria-sort={direction(column.id)}
              >
                <button type="button" title={column.title} onClick={() => press(column)}>
                  {column.label}
                  {direction(column.id) === 'descending' ? ' ▾' : ''}
                  {direction(column.id) === 'ascending' ? ' ▴' : ''}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => (
                <td
                  key={column.id}
                  class={column.wraps ? 'text wraps' : column.isText ? 'text' : ''}
                  title={column.hint?.(row) ?? undefined}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
          {foot}
        </tbody>
      </table>
    </section>
  )
}

function sorted<Row>(rows: readonly Row[], by: Column<Row>, isDown: boolean): Row[] {
  const compare = (a: Row, b: Row) => {
    const [left, right] = [by.value(a), by.value(b)]
    if (typeof left === 'number' && typeof right === 'number') return left - right
    return String(left).localeCompare(String(right), 'en', { numeric: true })
  }
  return rows.toSorted((a, b) => (isDown ? compare(b, a) : compare(a, b)))
}
