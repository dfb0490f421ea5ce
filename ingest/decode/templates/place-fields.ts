import type { RecordBytes } from '../records.ts'
import { variableLength, type CompiledTemplate, type Template } from './template.ts'

/**
 * Locates the fields of one variable-length record (RFC 7011, section 7), relative to its start;
 * returns the start of the next record, or -1 if this one extends beyond the set.
 */
export function placeFields(
  template: Template,
  { places }: CompiledTemplate,
  view: DataView,
  bytes: RecordBytes,
): number {
  let at = bytes.offset
  for (let i = 0; i < template.fields.length; i++) {
    let { length } = template.fields[i]!
    if (length === variableLength) {
      if (at + 1 > bytes.end) return -1
      length = view.getUint8(at++)
      if (length === 255) {
        if (at + 2 > bytes.end) return -1
        length = view.getUint16(at)
        at += 2
      }
    }
    if (at + length > bytes.end) return -1
    const place = places[i]!
    place.offset = at - bytes.offset
    place.length = length
    at += length
  }
  return at
}

/** Whether bytes [from, to) are padding. */
export function isZero(view: DataView, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (view.getUint8(i) !== 0) return false
  return true
}
