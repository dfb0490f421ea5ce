/**
 * Lists within a record (RFC 6313): finds the records in them, and their templates. Elements of a
 * basicList are no records, but may themselves be lists.
 */
import type { ListKind } from './element.ts'
import { listDepthMax } from './limits.ts'
import type { RecordBytes } from './records.ts'
import { variableLength } from './templates/template.ts'

/** Records of one template within a list. */
export interface ListedRecords extends RecordBytes {
  templateId: number
}

/** The contents of a list. */
interface ListFinding {
  records: ListedRecords[]
  /** The list is truncated, or nested deeper than in any real exporter. */
  fault: 'list-short' | 'list-too-deep' | null
}

/** Elements that are lists, also within a basicList. */
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
  // Some exporters send a list of length 0 when there is nothing to list.
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

/**
 * Runs of records, each after the id of its template and its length, which includes these four
 * bytes.
 */
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

/** A field's id and length, then its values; only nested lists are read. */
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
