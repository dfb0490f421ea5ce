/** NetFlow v9 (RFC 3954) and IPFIX (RFC 7011): template, options and data sets. */
import type { DatagramContext } from './context.ts'
import { recordsPerDatagramMax, type DecoderLimits } from './limits.ts'
import { decodeOptions } from './options/options.ts'
import { forgetIfUnannounced } from './exporters/stream.ts'
import { isZero } from './templates/place-fields.ts'
import type { Parking } from './templates/parking.ts'
import { learnsCounts } from './templates/both-ways.ts'
import { adoptAwaited, adoptTemplate, dropTemplate, shareTemplate } from './templates/ports.ts'
import type { RecordBytes, RecordDecoder } from './records.ts'
import { readOptionsTemplate, readTemplate } from './templates/read.ts'
import type { TemplateStore } from './templates/store.ts'
import { Template } from './templates/template.ts'

export const v9HeaderBytes = 20
export const ipfixHeaderBytes = 16
const setHeaderBytes = 4
const dataSetIdMin = 256
/** v9 pads sets to a multiple of 4 bytes (RFC 3954, section 5.3). */
const v9PaddingMax = 3

/** Set ids of templates and options templates. */
const setIds = { v9: { templates: 0, options: 1 }, ipfix: { templates: 2, options: 3 } } as const

/** A template that replaced another. */
export interface TemplateChange {
  exporter: string
  observationDomain: number
  templateId: number
  receivedMs: number
  before: Template
  after: Template
}

interface SetDecoderParts {
  records: RecordDecoder
  templates: TemplateStore
  parking: Parking
  limits: DecoderLimits
  onTemplateChange: ((change: TemplateChange) => void) | null
  /** See DecoderOptions. */
  onRelease: ((released: { exporter: string; receivedMs: number }) => void) | null
}

export class SetDecoder {
  readonly #parts: SetDecoderParts
  /** A single object, reused for every set. */
  readonly #set: RecordBytes = { offset: 0, end: 0 }

  constructor(parts: SetDecoderParts) {
    this.#parts = parts
  }

  /**
   * Decodes all sets of a datagram. A set of impossible length ends the datagram, because the start
   * of the next one is unknown. Returns the number of data records found.
   */
  decode(context: DatagramContext, version: 'v9' | 'ipfix'): number {
    const { view, exporter, end } = context
    const ids = setIds[version]
    let at = context.offset
    let records = 0
    while (at + setHeaderBytes <= end) {
      const id = view.getUint16(at)
      const length = view.getUint16(at + 2)
      if (length < setHeaderBytes || at + length > end) {
        const isPadding = id === 0 && length === 0 && isZero(view, at, end)
        exporter.problem(isPadding ? 'datagram-long' : 'set-length')
        return records
      }
      const set = this.#set
      set.offset = at + setHeaderBytes
      set.end = at + length
      if (id >= dataSetIdMin) records += this.#data(context, id, set)
      else if (id === ids.templates) this.#templates(context, version, set, readTemplate)
      else if (id === ids.options) this.#templates(context, version, set, readOptionsTemplate)
      else exporter.problem('set-id')
      at += length
    }
    if (at < end && !isZero(view, at, end)) exporter.problem('datagram-long')
    return records
  }

  /** Stores the templates of a set, reading each with `read`. */
  #templates(
    context: DatagramContext,
    version: 'v9' | 'ipfix',
    { offset, end }: RecordBytes,
    read: typeof readTemplate,
  ): void {
    let at = offset
    while (at + setHeaderBytes <= end && !isZero(context.view, at, end)) {
      const { next, template, unusableId } = read(context, version, { offset: at, end })
      if (template) this.#add(context, template)
      else if (unusableId !== null) {
        const { exporter, stream } = context
        dropTemplate(this.#parts.templates, exporter, stream, unusableId)
      }
      if (next === -1) return
      at = next
    }
  }

  #add(context: DatagramContext, template: Template): void {
    const { exporter, stream, receivedMs } = context
    const { templates } = this.#parts
    stream.announces = true
    forgetIfUnannounced(stream, receivedMs)
    if (stream.parked.length > 0) exporter.releasable.add(stream)
    const before = templates.add(exporter, stream, template)
    shareTemplate(templates, exporter, stream, template)
    if (before && !before.isAdopted) {
      exporter.problem('template-changed')
      this.#parts.onTemplateChange?.({
        exporter: exporter.address,
        observationDomain: stream.domain,
        templateId: template.id,
        receivedMs,
        before,
        after: template,
      })
    }
  }

  #data(context: DatagramContext, id: number, set: RecordBytes): number {
    const { exporter, stream } = context
    const template =
      stream.templates.get(id) ?? adoptTemplate(this.#parts.templates, exporter, stream, id)
    if (!template) {
      context.recordsUnsure += set.end - set.offset
      this.#parts.parking.park(context, id, set)
      return 0
    }
    return this.decodeSet(context, template, set)
  }

  /** Has the domains of the datagram's session use each other's templates. */
  adoptAwaited({ exporter, stream }: DatagramContext): void {
    adoptAwaited(this.#parts.templates, exporter, stream)
  }

  /**
   * Decodes parked data sets whose template has arrived, as far as there is room for rows; the
   * others wait for the next datagram.
   */
  release(context: DatagramContext): void {
    for (const stream of context.exporter.releasable) {
      context.stream = stream
      if (!this.#releaseOf(context)) return
      context.exporter.releasable.delete(stream)
    }
  }

  /** False if there was not enough room. */
  #releaseOf(context: DatagramContext): boolean {
    const { stream } = context
    for (let i = 0; i < stream.parked.length;) {
      const set = stream.parked[i]!
      const template = stream.templates.get(set.templateId)
      if (!template) {
        i++
        continue
      }
      const room = Math.min(context.rowsLeft, context.flows.capacity - context.flows.count)
      if (room < 2 * Math.min(recordsPerDatagramMax, set.bytes.length / template.recordBytes))
        return false
      this.#parts.parking.remove(stream, i)
      context.view = new DataView(set.bytes.buffer)
      context.receivedMs = set.receivedMs
      context.exportMs = set.exportMs
      context.uptimeMs = set.uptimeMs
      context.records = 0
      this.decodeSet(context, template, { offset: 0, end: set.bytes.length })
      const { exporter, receivedMs } = context
      this.#parts.onRelease?.({ exporter: exporter.address, receivedMs })
    }
    return true
  }

  /** The steps of a template, recompiled if this set shows that it counts otherwise than thought. */
  #compiled({ exporter, stream, view }: DatagramContext, template: Template, set: RecordBytes) {
    const { templates } = this.#parts
    const compiled = templates.compiled(exporter, template)
    const isMade =
      compiled.outgoing === null ||
      stream.version !== 'v9' ||
      !learnsCounts(view, template, compiled, set)
    return isMade ? compiled : templates.compiled(exporter, template)
  }

  /** Decodes a data or options data set with its template. */
  decodeSet(context: DatagramContext, template: Template, set: RecordBytes): number {
    const { exporter, receivedMs } = context
    template.usedMs = receivedMs
    if (template.recordBytes <= v9PaddingMax && context.stream.version === 'v9')
      leavePadding(context, template, set)
    const compiled = this.#compiled(context, template, set)
    compiled.usedMs = receivedMs
    let records: number
    if (template.isOptions) {
      const recordsLeft = Math.max(0, recordsPerDatagramMax - context.records)
      records = decodeOptions(context, template, compiled, {
        bytes: set,
        limits: this.#parts.limits,
        recordsLeft,
      })
      context.records += Math.min(records, recordsLeft)
      exporter.optionsRecords += records
      context.optionsRecords += records
    } else records = this.#parts.records.decode(context, template, compiled, set)
    if (records === 0) exporter.problem('set-trailing')
    exporter.records += records
    return records
  }
}

/**
 * Ends a v9 set before trailing zeros the size of such short records: they are padding. IPFIX
 * padding is shorter than a record (RFC 7011, section 3.3.1), so there they are a record.
 */
function leavePadding(
  { view }: DatagramContext,
  { recordBytes }: Template,
  set: RecordBytes,
): void {
  let most = v9PaddingMax
  while (
    recordBytes <= most &&
    set.end - recordBytes > set.offset &&
    isZero(view, set.end - recordBytes, set.end)
  ) {
    set.end -= recordBytes
    most -= recordBytes
  }
}
