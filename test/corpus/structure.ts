/**
 * The contents of a case's datagrams, found by walking over their sets without decoding them: the
 * basis on which rules explain differences, independent of the decoder.
 */
import type { CorpusDatagram } from './case.ts'

interface FoundField {
  id: number
  enterprise: number
  length: number
}

export interface FoundTemplate {
  id: number
  isOptions: boolean
  fields: FoundField[]
  /** The exporter's source port. */
  sourcePort: number
  /** It replaced another with the same id. */
  isReplacement: boolean
}

interface FoundSet {
  id: number
  kind:
    | 'templates'
    | 'options-templates'
    | 'data'
    | 'options-data'
    | 'without-template'
    | 'reserved'
  /** For data; null if not yet announced. */
  template: FoundTemplate | null
  bytes: number
}

export interface FoundDatagram {
  /** From the payload's first word; 5 with `isSflow` for sFlow. */
  version: number
  isSflow: boolean
  /** Records or sets according to the v9 header; 0 for others. */
  count: number
  sourcePort: number
  sets: FoundSet[]
  /** The same bytes came before. */
  isRepeated: boolean
  /** Its sets or records do not end where they should, or it has an impossible length. */
  isMalformed: boolean
}

export interface Structure {
  datagrams: FoundDatagram[]
  /** Announcements, in order. */
  templates: FoundTemplate[]
  /** Announced after data that needs it: source and domain, template id. */
  late: ReadonlySet<string>
}

const variableLength = 65_535
const headerBytes: Readonly<Record<number, number | undefined>> = { 9: 20, 10: 16 }
const setKinds: Readonly<Record<number, readonly [templates: number, options: number] | undefined>> = {
  9: [0, 1],
  10: [2, 3],
} // prettier-ignore
const fixedRecords: Readonly<Record<number, readonly [header: number, record: number] | undefined>> = {
  1: [16, 52],
  5: [24, 48],
  6: [24, 52],
  7: [24, 52],
} // prettier-ignore

/** A v1 record as sent by softflowd and others, four bytes shorter than Cisco's. */
const shortRecordBytes = 48

/** Walks over all datagrams of a case. */
export function structureOf(datagrams: readonly CorpusDatagram[]): Structure {
  const known = new Map<string, FoundTemplate>()
  const missed = new Set<string>()
  const late = new Set<string>()
  const seen = new Set<string>()
  const templates: FoundTemplate[] = []
  const found = datagrams.map(({ payload, source, sourcePort }) => {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
    const version = payload.length >= 2 ? view.getUint16(0) : -1
    const bytes = Buffer.from(payload).toString('latin1')
    const datagram: FoundDatagram = {
      version,
      isSflow: version === 0 && payload.length >= 4 && view.getUint32(0) === 5,
      count: version === 9 ? view.getUint16(2) : 0,
      sourcePort,
      sets: [],
      isRepeated: seen.has(`${source} ${bytes}`),
      isMalformed: false,
    }
    seen.add(`${source} ${bytes}`)
    const header = headerBytes[version]
    if (header !== undefined && payload.length >= header) {
      const domain = view.getUint32(version === 9 ? 16 : 12)
      const learn = (template: FoundTemplate) => {
        const key = `${source} ${domain} ${template.id}`
        if (missed.has(key)) late.add(key)
        const held = known.get(key)
        if (held && JSON.stringify(held.fields) !== JSON.stringify(template.fields))
          template.isReplacement = true
        known.set(key, template)
        templates.push(template)
      }
      const find = (id: number) => {
        const key = `${source} ${domain} ${id}`
        const template = known.get(key) ?? null
        if (!template) missed.add(key)
        return template
      }
      walkSets(datagram, view, { learn, find })
    } else datagram.isMalformed = !isWholeFixed(view, version)
    return datagram
  })
  return { datagrams: found, templates, late }
}

function isWholeFixed(view: DataView, version: number): boolean {
  const layout = fixedRecords[version]
  if (!layout) return true
  if (view.byteLength < 4) return false
  const records = view.getUint16(2)
  const isShort = version === 1 && view.byteLength === layout[0] + shortRecordBytes * records
  return isShort || view.byteLength === layout[0] + layout[1] * records
}

interface Templates {
  learn(template: FoundTemplate): void
  find(id: number): FoundTemplate | null
}

function walkSets(datagram: FoundDatagram, view: DataView, templates: Templates): void {
  const { version } = datagram
  const [templatesId, optionsId] = setKinds[version]!
  let end = view.byteLength
  if (version === 10 && view.getUint16(2) !== end) {
    datagram.isMalformed = true
    end = Math.min(end, view.getUint16(2))
  }
  let at = headerBytes[version]!
  while (at + 4 <= end) {
    const id = view.getUint16(at)
    const length = view.getUint16(at + 2)
    if (length < 4 || at + length > end) {
      datagram.isMalformed = true
      return
    }
    const set: FoundSet = { id, kind: 'reserved', template: null, bytes: length - 4 }
    if (id === templatesId || id === optionsId) {
      set.kind = id === templatesId ? 'templates' : 'options-templates'
      const isWhole = walkTemplates(
        view,
        datagram,
        { at: at + 4, end: at + length },
        set,
        templates,
      )
      if (!isWhole) datagram.isMalformed = true
    } else if (id >= 256) {
      set.template = templates.find(id)
      if (!set.template) set.kind = 'without-template'
      else set.kind = set.template.isOptions ? 'options-data' : 'data'
    }
    datagram.sets.push(set)
    at += length
  }
  if (at < end) datagram.isMalformed = true
}

/** False if the set ends within a template or a template is impossible. */
function walkTemplates(
  view: DataView,
  { version, sourcePort }: FoundDatagram,
  bytes: { at: number; end: number },
  { kind }: FoundSet,
  templates: Templates,
): boolean {
  const isOptions = kind === 'options-templates'
  let { at } = bytes
  while (at + 4 <= bytes.end && view.getUint16(at) >= 256) {
    const id = view.getUint16(at)
    let count = view.getUint16(at + 2)
    at += 4
    if (isOptions && count > 0) {
      if (at + 2 > bytes.end) return false
      if (version === 9) count = Math.floor(count / 4) + Math.floor(view.getUint16(at) / 4)
      at += 2
    }
    const fields: FoundField[] = []
    for (let i = 0; i < count; i++) {
      if (at + 4 > bytes.end) return false
      const field = { id: view.getUint16(at), enterprise: 0, length: view.getUint16(at + 2) }
      at += 4
      if (version === 10 && field.id >= 0x8000) {
        if (at + 4 > bytes.end) return false
        field.id -= 0x8000
        field.enterprise = view.getUint32(at)
        at += 4
      }
      fields.push(field)
    }
    if (count > 0) templates.learn({ id, isOptions, fields, sourcePort, isReplacement: false })
  }
  return bytes.end - at < 4 || view.getUint32(at) === 0
}

/** Whether a template has a field of variable length. */
export const hasVariableLength = ({ fields }: FoundTemplate): boolean =>
  fields.some(({ length }) => length === variableLength)
