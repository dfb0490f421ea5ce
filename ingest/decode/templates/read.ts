/** Reads template records of v9 (RFC 3954, sections 5.2 and 6.1) and IPFIX (RFC 7011, section 3.4). */
import type { DatagramContext } from '../context.ts'
import { ciscoEnterprise, elementOf, reversedElementOf } from '../elements.ts'
import { fieldOf, type Field } from './field.ts'
import { fieldsPerTemplateMax, recordBytesMax } from '../limits.ts'
import type { RecordBytes } from '../records.ts'
import { Template } from './template.ts'

interface TemplateFinding {
  /** Offset of the next template record, or -1 if unknown. */
  next: number
  /** null if the record is not a usable template; the reason has been counted. */
  template: Template | null
  /** The id of a template that cannot be used: an older one no longer describes its data. */
  unusableId: number | null
}

const enterpriseBit = 0x8000
const templateIdMin = 256

/** v9 scope types as equivalent elements; others are not stored. */
const v9Scopes: Readonly<Record<number, number | undefined>> = { 2: 10, 3: 141 }

/** Field id without an element. */
const noElement = 0

/** Reads one template record. */
export function readTemplate(
  context: DatagramContext,
  version: 'v9' | 'ipfix',
  { offset, end }: RecordBytes,
): TemplateFinding {
  const { view } = context
  const id = view.getUint16(offset)
  const count = view.getUint16(offset + 2)
  if (count === 0 && version === 'ipfix') return withdrawn(context, offset)
  const { fields, next } = readFields(view, version, { offset: offset + 4, end }, count)
  return next === -1 ? short(context) : found(next, id, make(context, id, fields, null))
}

/** Reads one options template record. v9 gives lengths in bytes, IPFIX the number of fields. */
export function readOptionsTemplate(
  context: DatagramContext,
  version: 'v9' | 'ipfix',
  { offset, end }: RecordBytes,
): TemplateFinding {
  const { view, exporter } = context
  const id = view.getUint16(offset)
  const first = view.getUint16(offset + 2)
  if (version === 'ipfix' && first === 0) return withdrawn(context, offset)
  if (offset + 6 > end) return short(context)
  const second = view.getUint16(offset + 4)
  const isV9 = version === 'v9'
  const scopeCount = isV9 ? Math.floor(first / 4) : second
  const count = isV9 ? scopeCount + Math.floor(second / 4) : first
  const { fields, next } = readFields(view, version, { offset: offset + 6, end }, count)
  if (next === -1) return short(context)
  if (scopeCount > count) {
    exporter.problem('template-scope')
    return found(next, id, null)
  }
  if (isV9)
    for (let i = 0; i < scopeCount; i++) {
      const scope = fields[i]
      if (scope) fields[i] = { ...scope, id: v9Scopes[scope.id] ?? noElement }
    }
  return found(next, id, make(context, id, fields, scopeCount))
}

function found(next: number, id: number, template: Template | null): TemplateFinding {
  return { next, template, unusableId: template === null ? id : null }
}

/** Over UDP, withdrawals may be late or lost: the template stays (RFC 7011, section 8.4). */
function withdrawn({ exporter }: DatagramContext, offset: number): TemplateFinding {
  exporter.problem('withdrawal-ignored')
  return { next: offset + 4, template: null, unusableId: null }
}

function short({ exporter }: DatagramContext): TemplateFinding {
  exporter.problem('template-short')
  return { next: -1, template: null, unusableId: null }
}

/** v9 has no enterprise numbers: Cisco sends its own elements with the enterprise bit alone (AVC). */
function isOfCisco(id: number): boolean {
  const own = id & ~enterpriseBit
  if (own === id) return false
  return (elementOf(ciscoEnterprise, own) ?? reversedElementOf(ciscoEnterprise, own)) !== null
}

/** Reads field specifiers; those beyond fieldsPerTemplateMax are skipped. */
function readFields(
  view: DataView,
  version: 'v9' | 'ipfix',
  { offset, end }: RecordBytes,
  count: number,
): { fields: Field[]; next: number } {
  const fields: Field[] = []
  let at = offset
  for (let i = 0; i < count; i++) {
    if (at + 4 > end) return { fields, next: -1 }
    let id = view.getUint16(at)
    const length = view.getUint16(at + 2)
    let enterprise = 0
    at += 4
    if (version === 'ipfix' && (id & enterpriseBit) !== 0) {
      if (at + 4 > end) return { fields, next: -1 }
      id &= ~enterpriseBit
      enterprise = view.getUint32(at)
      at += 4
    } else if (version === 'v9' && isOfCisco(id)) {
      id &= ~enterpriseBit
      enterprise = ciscoEnterprise
    }
    if (i <= fieldsPerTemplateMax) fields.push(fieldOf(id, enterprise, length))
  }
  return { fields, next: at }
}

function make(
  { exporter, receivedMs }: DatagramContext,
  id: number,
  fields: Field[],
  scopeCount: number | null,
): Template | null {
  if (id < templateIdMin) {
    exporter.problem('template-id')
    return null
  }
  const template = new Template(id, fields, {
    scopeCount: scopeCount ?? 0,
    isOptions: scopeCount !== null,
    nowMs: receivedMs,
  })
  if (fields.length > fieldsPerTemplateMax || template.recordBytes > recordBytesMax) {
    exporter.problem('template-too-long')
    return null
  }
  if (template.recordBytes === 0) {
    exporter.problem('template-empty')
    return null
  }
  return template
}
