/** Layouts of exporters as tests write them: fields, with the values of one record. */
import assert from 'node:assert/strict'

import { testExportMs, testUptimeMs } from '../../encode/fixed.ts'
import {
  field,
  type EncodedField,
  type EncodedOptionsTemplate,
  type EncodedSet,
  type EncodedTemplate,
} from '../../encode/sets.ts'
import type { Value } from '../../encode/value.ts'
import { decodeAll, pick, type Row } from './decoded.ts'

/** Fields with the values of a record. */
export type FieldValues = readonly (readonly [
  id: number,
  length: number,
  value: Value,
  enterprise?: number,
])[]

const fieldsOf = (given: FieldValues): EncodedField[] =>
  given.map(([id, length, , enterprise]) => field(id, length, enterprise))
const valuesOf = (given: FieldValues) => given.map(([, , value]) => value)

/** A template with these fields, and a record. */
export function recordOf(id: number, given: FieldValues, padding?: number): EncodedSet[] {
  const template: EncodedTemplate = { id, fields: fieldsOf(given) }
  const data = { data: template, records: [valuesOf(given)] }
  return [{ templates: [template] }, padding === undefined ? data : { ...data, padding }]
}

/** An options template with these fields, and a record. */
export function optionsOf(id: number, scopes: FieldValues, given: FieldValues): EncodedSet[] {
  const template: EncodedOptionsTemplate = { id, scopes: fieldsOf(scopes), fields: fieldsOf(given) }
  return [
    { optionsTemplates: [template] },
    { data: template, records: [[...valuesOf(scopes), ...valuesOf(given)]] },
  ]
}

/** Asserts the columns named in the expected rows, and that there are no problems. */
export function assertRows(payload: Uint8Array, expected: readonly Row[]) {
  const { rows, problems, decoder } = decodeAll([payload])
  assert.deepEqual(problems, {})
  assert.deepEqual(pick(rows, ...Object.keys(expected[0]!)), expected)
  return decoder.exporters()[0]!
}

/** When a flow began and ended, in each form that exporters use. */
export const start = testExportMs - 61_000
export const end = testExportMs - 1000
export const uptimes: FieldValues = [[22, 4, testUptimeMs - 61_000], [21, 4, testUptimeMs - 1000]] // prettier-ignore
export const times: FieldValues = [[152, 8, start], [153, 8, end]] // prettier-ignore
export const isTimed = { flowStartMilliseconds: start, flowEndMilliseconds: end }
