/**
 * Encoders of NetFlow v9 and IPFIX for tests: a datagram is a header and a list of sets.
 *
 *     const template = { id: 256, fields: [field(8, 4), field(12, 4), field(1, 4), field(2, 4)] }
 *     encodeV9({
 *       sequence: 1,
 *       sets: [{ templates: [template] }, { data: template, records: [['10.0.0.1', '10.0.0.2', 100, 1]] }],
 *     })
 *
 * A record is its fields' values in the template's order (see value.ts); `raw` bytes stand for
 * anything that no encoder would write.
 */
import { ByteWriter } from './bytes.ts'
import { testExportMs, testUptimeMs } from './fixed.ts'
import { writeValue, writeVariable, type Value } from './value.ts'

export interface EncodedField {
  id: number
  /** Bytes; 65535 for a length that the record gives. */
  length: number
  /** Private enterprise number; absent or 0: IANA's. */
  enterprise?: number
}

export interface EncodedTemplate {
  id: number
  fields: readonly EncodedField[]
}

/** `scopes` say what a record is about; in v9 their ids are scope types (1 system, 2 interface …). */
export interface EncodedOptionsTemplate extends EncodedTemplate {
  scopes: readonly EncodedField[]
}

export type EncodedSet =
  | { templates: readonly EncodedTemplate[]; padding?: number }
  | { optionsTemplates: readonly EncodedOptionsTemplate[]; padding?: number }
  | {
      data: EncodedTemplate | EncodedOptionsTemplate
      records: readonly (readonly Value[])[]
      /** Zeros after the records; default in v9: up to a multiple of 4 bytes, in IPFIX none. */
      padding?: number
      /** Always encode variable lengths in 3 bytes. */
      longLengths?: boolean
    }
  /** Templates withdrawn (IPFIX): ids, as templates without fields. */
  | { withdraw: readonly number[]; padding?: number }
  /** A set of any id and bytes; `length` if it must not be the true one. */
  | { setId: number; raw: Uint8Array; length?: number }

interface V9Datagram {
  /** Default: the number of templates and records. */
  count?: number
  uptimeMs?: number
  /** unix ms, sent in whole seconds */
  exportMs?: number
  sequence?: number
  sourceId?: number
  sets: readonly EncodedSet[]
  /** Bytes after the last set. */
  trailing?: Uint8Array
}

interface IpfixMessage {
  /** Default: the true one. */
  length?: number
  exportMs?: number
  sequence?: number
  observationDomain?: number
  sets: readonly EncodedSet[]
  trailing?: Uint8Array
}

/** A field of a template: `field(8, 4)` is sourceIPv4Address. */
export function field(id: number, length: number, enterprise = 0): EncodedField {
  return enterprise === 0 ? { id, length } : { id, length, enterprise }
}

type Version = 'v9' | 'ipfix'

const setIds = { v9: { templates: 0, options: 1 }, ipfix: { templates: 2, options: 3 } } as const

/** A NetFlow v9 datagram (RFC 3954). */
export function encodeV9(datagram: V9Datagram): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter()
  writer.unsigned(9, 2).unsigned(datagram.count ?? countOf(datagram.sets), 2)
  writer.unsigned(datagram.uptimeMs ?? testUptimeMs, 4)
  writer.unsigned(Math.floor((datagram.exportMs ?? testExportMs) / 1000), 4)
  writer.unsigned(datagram.sequence ?? 0, 4).unsigned(datagram.sourceId ?? 0, 4)
  for (const set of datagram.sets) writeSet(writer, 'v9', set)
  return writer.bytes(datagram.trailing ?? new Uint8Array(0)).finish()
}

/** An IPFIX message (RFC 7011). */
export function encodeIpfix(message: IpfixMessage): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter()
  writer.unsigned(10, 2).unsigned(0, 2)
  writer.unsigned(Math.floor((message.exportMs ?? testExportMs) / 1000), 4)
  writer.unsigned(message.sequence ?? 0, 4).unsigned(message.observationDomain ?? 0, 4)
  for (const set of message.sets) writeSet(writer, 'ipfix', set)
  writer.setUint16(2, message.length ?? writer.length)
  return writer.bytes(message.trailing ?? new Uint8Array(0)).finish()
}

function countOf(sets: readonly EncodedSet[]): number {
  let count = 0
  for (const set of sets) {
    if ('templates' in set) count += set.templates.length
    else if ('optionsTemplates' in set) count += set.optionsTemplates.length
    else if ('records' in set) count += set.records.length
  }
  return count
}

function writeSet(writer: ByteWriter, version: Version, set: EncodedSet): void {
  const start = writer.length
  if ('raw' in set) {
    writer
      .unsigned(set.setId, 2)
      .unsigned(set.length ?? set.raw.length + 4, 2)
      .bytes(set.raw)
    return
  }
  writer.unsigned(idOf(version, set), 2).unsigned(0, 2)
  if ('templates' in set)
    for (const template of set.templates) writeTemplate(writer, version, template)
  else if ('optionsTemplates' in set)
    for (const template of set.optionsTemplates) writeOptionsTemplate(writer, version, template)
  else if ('withdraw' in set) for (const id of set.withdraw) writer.unsigned(id, 2).unsigned(0, 2)
  else for (const record of set.records) writeRecord(writer, set, record)
  const toMultiple = (4 - ((writer.length - start) % 4)) % 4
  writer.zeros(set.padding ?? (version === 'v9' ? toMultiple : 0))
  writer.setUint16(start + 2, writer.length - start)
}

function idOf(version: Version, set: Exclude<EncodedSet, { raw: Uint8Array }>): number {
  if ('data' in set) return set.data.id
  return 'optionsTemplates' in set ? setIds[version].options : setIds[version].templates
}

function writeField(writer: ByteWriter, version: Version, encoded: EncodedField): void {
  const enterprise = encoded.enterprise ?? 0
  const hasEnterprise = version === 'ipfix' && enterprise !== 0
  writer.unsigned(hasEnterprise ? encoded.id | 0x8000 : encoded.id, 2).unsigned(encoded.length, 2)
  if (hasEnterprise) writer.unsigned(enterprise, 4)
}

function writeTemplate(
  writer: ByteWriter,
  version: Version,
  { id, fields }: EncodedTemplate,
): void {
  writer.unsigned(id, 2).unsigned(fields.length, 2)
  for (const encoded of fields) writeField(writer, version, encoded)
}

function writeOptionsTemplate(
  writer: ByteWriter,
  version: Version,
  { id, scopes, fields }: EncodedOptionsTemplate,
): void {
  writer.unsigned(id, 2)
  if (version === 'v9') writer.unsigned(4 * scopes.length, 2).unsigned(4 * fields.length, 2)
  else writer.unsigned(scopes.length + fields.length, 2).unsigned(scopes.length, 2)
  for (const encoded of [...scopes, ...fields]) writeField(writer, version, encoded)
}

function writeRecord(
  writer: ByteWriter,
  set: Extract<EncodedSet, { data: EncodedTemplate }>,
  record: readonly Value[],
): void {
  const { data } = set
  const fields = 'scopes' in data ? [...data.scopes, ...data.fields] : data.fields
  fields.forEach((encoded, i) => {
    const value = record[i] ?? 0
    if (encoded.length === 65_535) writeVariable(writer, value, set.longLengths)
    else writeValue(writer, value, encoded.length)
  })
}
