/** Whole rows of flow columns. */
import { columnNames, wordsPerRow, type FlowColumns } from '../../flow/columns.ts'

/** Copies a row to rows [from, to). */
export function copyRow(flows: FlowColumns, row: number, from: number, to: number): void {
  for (const name of columnNames) {
    const words = wordsPerRow(name)
    for (let i = from; i < to; i++)
      flows[name].copyWithin(i * words, row * words, (row + 1) * words)
  }
}

/** Removes one row; the rows after it move up. */
export function removeRow(flows: FlowColumns, row: number): void {
  for (const name of columnNames) {
    const words = wordsPerRow(name)
    flows[name].copyWithin(row * words, (row + 1) * words, flows.count * words)
  }
  clearRows(flows, flows.count - 1, flows.count)
  flows.count--
}

/** Zeroes rows that are not in use. */
export function clearRows(flows: FlowColumns, from: number, to: number): void {
  for (const name of columnNames) {
    const words = wordsPerRow(name)
    flows[name].fill(0, from * words, to * words)
  }
}
