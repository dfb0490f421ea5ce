/** Reads options data: records about the exporter itself. */
import type { DatagramContext } from '../context.ts'
import { elementOf } from '../elements.ts'
import { optionTextLengthMax, type DecoderLimits } from '../limits.ts'
import type { RecordBytes } from '../records.ts'
import { readFloat, readUnsigned } from '../steps/numbers.ts'
import { readApplication } from '../steps/special.ts'
import type { Field } from '../templates/field.ts'
import { placeFields } from '../templates/place-fields.ts'
import type { CompiledTemplate, Template } from '../templates/template.ts'
import { keepOptions } from './keep-options.ts'
import type { OptionsRecord } from './options-record.ts'

const textElements: ReadonlySet<string> = new Set([
  'samplerName',
  'selectorName',
  'interfaceName',
  'interfaceDescription',
  'applicationDescription',
  'applicationName',
  'VRFname',
])

const decoder = new TextDecoder('utf-8')

/** Most bytes of a UTF-8 character. */
const characterBytesMax = 4

/** A text without its zero padding, cut to the length shown. */
function readText(view: DataView, offset: number, length: number): string {
  const bytes = new Uint8Array(
    view.buffer,
    view.byteOffset + offset,
    Math.min(length, optionTextLengthMax * characterBytesMax),
  )
  const end = bytes.indexOf(0)
  return decoder
    .decode(end === -1 ? bytes : bytes.subarray(0, end))
    .trim()
    .slice(0, optionTextLengthMax)
}

function readRecord(
  { view }: DatagramContext,
  template: Template,
  compiled: CompiledTemplate,
  offset: number,
): OptionsRecord {
  const numbers = new Map<string, number>()
  const texts = new Map<string, string>()
  template.fields.forEach((field: Field, i) => {
    const element = elementOf(field.enterprise, field.id)
    const place = compiled.places[i]!
    if (!element || place.length === 0) return
    const at = offset + place.offset
    if (textElements.has(element.name)) texts.set(element.name, readText(view, at, place.length))
    else if (element.action.kind === 'scratchFloat')
      numbers.set(element.name, readFloat(view, at, place.length))
    else if (element.action.kind === 'application')
      numbers.set(element.name, readApplication(view, at, place.length))
    else if (place.length <= 8) numbers.set(element.name, readUnsigned(view, at, place.length))
  })
  return { numbers, texts }
}

/**
 * Reads the records of an options data set and stores the first `recordsLeft` of them. Returns the
 * total number.
 */
export function decodeOptions(
  context: DatagramContext,
  template: Template,
  compiled: CompiledTemplate,
  options: { bytes: RecordBytes; limits: DecoderLimits; recordsLeft: number },
): number {
  const { bytes, limits } = options
  let records = 0
  let at = bytes.offset
  while (at + template.recordBytes <= bytes.end) {
    const next = template.isVariable
      ? placeFields(template, compiled, context.view, { offset: at, end: bytes.end })
      : at + template.recordBytes
    if (next === -1) {
      context.exporter.problem('record-short')
      break
    }
    records++
    if (records <= options.recordsLeft)
      keepOptions(context, readRecord(context, template, compiled, at), limits)
    at = next
  }
  if (records > options.recordsLeft)
    context.exporter.problem('records-too-many', records - options.recordsLeft)
  return records
}
