/** Encoder of lists within a record (RFC 6313): their bytes are the value of such a field. */
import { ByteWriter } from './bytes.ts'
import { encodeIpfix, type EncodedField, type EncodedTemplate } from './sets.ts'
import { writeValue, writeVariable, type Value } from './value.ts'

type Records = readonly (readonly Value[])[]

const semanticAllOf = 3
const setHeaderBytes = 20

/** Records of a template without a set header. */
function recordsOf(template: EncodedTemplate, records: Records): Uint8Array {
  return encodeIpfix({ sets: [{ data: template, records }] }).subarray(setHeaderBytes)
}

/** A subTemplateList: records of one template. */
export function subTemplateList(template: EncodedTemplate, records: Records): Uint8Array {
  const writer = new ByteWriter().unsigned(semanticAllOf, 1).unsigned(template.id, 2)
  return writer.bytes(recordsOf(template, records)).finish()
}

/** A subTemplateMultiList: records of several templates. */
export function subTemplateMultiList(
  ...parts: readonly (readonly [template: EncodedTemplate, records: Records])[]
): Uint8Array {
  const writer = new ByteWriter().unsigned(semanticAllOf, 1)
  for (const [template, records] of parts) {
    const bytes = recordsOf(template, records)
    writer
      .unsigned(template.id, 2)
      .unsigned(bytes.length + 4, 2)
      .bytes(bytes)
  }
  return writer.finish()
}

/** A basicList: values of one element. */
export function basicList({ id, length }: EncodedField, values: readonly Value[]): Uint8Array {
  const writer = new ByteWriter().unsigned(semanticAllOf, 1).unsigned(id, 2).unsigned(length, 2)
  for (const value of values)
    if (length === 65_535) writeVariable(writer, value)
    else writeValue(writer, value, length)
  return writer.finish()
}
