/**
 * Lists within a record (RFC 6313): where the records in them lie, and by which template. Elements of
 * a basicList are no records, but may be lists themselves.
 */
import { columnNames, flowColumns, type FlowColumns } from '../../flow/columns.ts'
import type { ListKind } from './element.ts'
import { clearRows } from './counted.ts'
import { listDepthMax } from './limits.ts'
import type { RecordBytes } from './records.ts'
import { variableLength } from './templates/template.ts'

/** Records of one template within a list. */
export interface ListedRecords extends RecordBytes {
  templateId: number
}

/** What a list holds. */
export interface ListFinding {
  records: ListedRecords[]
  /** It ends within itself, or lies deeper in others than any exporter has reason to. */
  fault: 'list-short' | 'list-too-deep' | null
}

/** Elements that are lists, in a basicList too. */
const kindsById: Readonly<Record<number, ListKind | undefined>> = {
  291: 'basic',
  292: 'subTemplate',
  293: 'subTemplateMulti',
}
const semanticBytes = 1
const enterpriseBit = 0x8000

/** Finds the records in a list. */
export function findListed(view: DataView, kind: ListKind, bytes: RecordBytes): ListFinding {
  const finding: ListFinding = { records: [], fault: null }
  find(finding, view, kind, { ...bytes, depth: 1 })
  return finding
}

interface DeepBytes extends RecordBytes {
  depth: number
}

function find(finding: ListFinding, view: DataView, kind: ListKind, bytes: DeepBytes): void {
  const { offset, end, depth } = bytes
  // An empty list of length 0 is what some exporters send where there is nothing to list.
  if (offset === end || finding.fault !== null) return
  if (depth > listDepthMax) finding.fault = 'list-too-deep'
  else if (kind === 'basic') findInBasic(finding, view, bytes)
  else if (kind === 'subTemplate') {
    if (offset + semanticBytes + 2 > end) finding.fault = 'list-short'
    else
      finding.records.push({
        templateId: view.getUint16(offset + semanticBytes),
        offset: offset + semanticBytes + 2,
        end,
      })
  } else findInMulti(finding, view, bytes)
}

/** Runs of records, each behind its template's id and its length, these four bytes among it. */
function findInMulti(finding: ListFinding, view: DataView, { offset, end }: RecordBytes): void {
  let at = offset + semanticBytes
  while (at < end) {
    const length = at + 4 <= end ? view.getUint16(at + 2) : 0
    if (length < 4 || at + length > end) {
      finding.fault = 'list-short'
      return
    }
    finding.records.push({ templateId: view.getUint16(at), offset: at + 4, end: at + length })
    at += length
  }
}

/** A field's id and length, and its values; only lists among them are looked into. */
function findInBasic(finding: ListFinding, view: DataView, bytes: DeepBytes): void {
  const { offset, end, depth } = bytes
  let at = offset + semanticBytes + 4
  if (at > end) {
    finding.fault = 'list-short'
    return
  }
  const id = view.getUint16(offset + semanticBytes)
  const length = view.getUint16(offset + semanticBytes + 2)
  const kind = (id & enterpriseBit) === 0 ? kindsById[id] : undefined
  if (kind === undefined) return
  while (at < end && finding.fault === null) {
    let valueBytes = length
    if (length === variableLength) {
      valueBytes = view.getUint8(at++)
      if (valueBytes === 255) {
        valueBytes = at + 2 <= end ? view.getUint16(at) : variableLength
        at += 2
      }
    } else if (length === 0) return
    if (at + valueBytes > end) {
      finding.fault = 'list-short'
      return
    }
    find(finding, view, kind, { offset: at, end: at + valueBytes, depth: depth + 1 })
    at += valueBytes
  }
}

/** Gives rows [from, to) all that another row says, for their own records to write over. */
export function copyRow(flows: FlowColumns, row: number, from: number, to: number): void {
  for (const name of columnNames) {
    const words = flowColumns[name].kind === 'u64' ? 2 : 1
    for (let i = from; i < to; i++)
      flows[name].copyWithin(i * words, row * words, (row + 1) * words)
  }
}

/** Takes one row out; those behind it move up. */
export function removeRow(flows: FlowColumns, row: number): void {
  for (const name of columnNames) {
    const words = flowColumns[name].kind === 'u64' ? 2 : 1
    flows[name].copyWithin(row * words, (row + 1) * words, flows.count * words)
  }
  clearRows(flows, flows.count - 1, flows.count)
  flows.count--
}
