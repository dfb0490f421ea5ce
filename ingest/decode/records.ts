/**
 * From data records to rows. Fixed-length records are read by column: one loop per field over all
 * records of the set. Variable-length records are read one by one, with the same steps.
 */
import {
  createFlowColumns,
  clearFlowColumns,
  readyRows,
  type FlowColumns,
} from '../../flow/columns.ts'
import { emptyBatch } from './steps/batch.ts'
import type { DatagramContext } from './context.ts'
import type { Exporter } from './exporters/exporter.ts'
import { scratchNames } from './element.ts'
import { beginRows, finishLoop, finishRows, type FinishState } from './finish.ts'
import { fieldGroups } from './steps/groups.ts'
import { findListed, type ListedRecords } from './lists.ts'
import { copyRow, removeRow } from './rows.ts'
import { listDepthMax, recordsPerDatagramMax } from './limits.ts'
import { exchangeByInitiator } from './steps/initiator.ts'
import { exchangeCounts } from './steps/local-end.ts'
import { isZero, placeFields } from './templates/place-fields.ts'
import { appendReverse } from './reverse.ts'
import { everyColumn } from './steps/touched.ts'
import { compileTemplate } from './templates/compile-template.ts'
import type {
  CompiledTemplate,
  DecodeTarget,
  ScratchColumns,
  Template,
} from './templates/template.ts'
import { prepareUptime } from './exporters/uptime.ts'
import type { CountedAgain } from './counted-before/counted-again.ts'
import type { KeptStarts } from './kept-starts.ts'

/** Bytes of a view that contain records: [offset, end). */
export interface RecordBytes {
  offset: number
  end: number
}

/** What is remembered of earlier records, which later ones repeat. */
interface RecordsBefore {
  countedAgain: CountedAgain
  keptStarts: KeptStarts
}

export class RecordDecoder {
  readonly target: DecodeTarget
  readonly #batch = emptyBatch()
  readonly #finish: FinishState
  readonly #before: RecordsBefore

  /** The row of the record whose lists are being read, or -1. */
  #outerRow = -1
  #listDepth = 0
  readonly #compiledOf: (exporter: Exporter, template: Template) => CompiledTemplate

  /** `compiledOf` returns the steps of a template used by the records of a list. */
  constructor(
    flows: FlowColumns,
    before: RecordsBefore,
    compiledOf: (exporter: Exporter, template: Template) => CompiledTemplate,
  ) {
    this.#before = before
    this.#compiledOf = compiledOf
    const scratch = Object.fromEntries(
      scratchNames.map((name) => [name, new Float64Array(recordsPerDatagramMax)]),
    ) as unknown as ScratchColumns
    this.target = {
      flows,
      reverse: createFlowColumns(recordsPerDatagramMax),
      scratch,
      groups: fieldGroups(flows),
    }
    this.#finish = {
      batch: this.#batch,
      skewMs: 0,
      durations: null,
      faults: { missing: 0, reversed: 0, inFuture: 0, corrected: 0 },
      scratch,
      finish: finishLoop(flows),
    }
  }

  compile(template: Template): CompiledTemplate {
    return compileTemplate(template, this.target)
  }

  /** Reads a data set; returns how many records it had, including those without a row. */
  decode(
    context: DatagramContext,
    template: Template,
    compiled: CompiledTemplate,
    bytes: RecordBytes,
  ): number {
    const batch = this.#batch
    batch.view = context.view
    batch.exportMs = context.exportMs
    batch.uptimeMs = context.uptimeMs
    batch.receivedMs = context.receivedMs
    return template.isVariable || compiled.lists.length > 0
      ? this.#decodeVariable(context, template, compiled, bytes)
      : this.#decodeFixed(context, compiled, bytes, template.recordBytes)
  }

  /** How many of `wanted` records are accepted; the others are counted as a problem. */
  #admit(context: DatagramContext, compiled: CompiledTemplate, wanted: number): number {
    const { flows, rowsLeft, records } = context
    const isBiflow = compiled.reverseSteps.length > 0
    const room = Math.min(rowsLeft, flows.capacity - flows.count) >>> (isBiflow ? 1 : 0)
    const admitted = Math.min(wanted, room, recordsPerDatagramMax - records)
    if (admitted < wanted) context.exporter.problem('records-too-many', wanted - admitted)
    return admitted
  }

  #decodeFixed(
    context: DatagramContext,
    compiled: CompiledTemplate,
    bytes: RecordBytes,
    stride: number,
  ): number {
    const held = Math.floor((bytes.end - bytes.offset) / stride)
    const records = this.#admit(context, compiled, held)
    context.records += records
    if (!compiled.isFlow) {
      context.exporter.problem('record-not-a-flow', records)
      return held
    }
    const batch = this.#batch
    batch.offset = bytes.offset
    batch.stride = stride
    batch.records = records
    if (records > 0) this.#run(context, compiled)
    return held
  }

  #decodeVariable(
    context: DatagramContext,
    template: Template,
    compiled: CompiledTemplate,
    bytes: RecordBytes,
  ): number {
    const batch = this.#batch
    let held = 0
    let at = bytes.offset
    while (at + template.recordBytes <= bytes.end) {
      const next = placeFields(template, compiled, context.view, { offset: at, end: bytes.end })
      if (next === -1) {
        if (!isZero(context.view, at, bytes.end)) context.exporter.problem('record-short')
        break
      }
      held++
      if (this.#admit(context, compiled, 1) === 1) {
        context.records++
        batch.offset = at
        batch.stride = 0
        batch.records = 1
        if (compiled.lists.length > 0) this.#runLists(context, template, compiled)
        else if (compiled.isFlow) this.#run(context, compiled)
        else context.exporter.problem('record-not-a-flow')
      }
      at = next
    }
    return held
  }

  /**
   * Reads a record with lists. Flows in them become rows if the record itself counts nothing, so
   * that no traffic counts twice; they inherit what they do not say from the record.
   */
  #runLists(context: DatagramContext, template: Template, compiled: CompiledTemplate): void {
    const { flows, exporter, view } = context
    const { offset } = this.#batch
    const listed: ListedRecords[] = []
    for (const { kind, place } of compiled.lists) {
      const at = offset + place.offset
      const { records, fault } = findListed(view, kind, { offset: at, end: at + place.length })
      if (fault !== null) exporter.problem(fault)
      listed.push(...records)
    }
    let row = this.#read(context, compiled)
    if (compiled.hasCounts) {
      if (listed.length > 0) exporter.problem('list-skipped', listed.length)
    } else if (listed.length > 0) {
      this.#decodeListed(context, listed, { row, around: compiled })
      const hasFlows = flows.count > row + 1
      removeRow(flows, row)
      if (hasFlows) return
      // What was read in the lists has overwritten the batch, and perhaps the places.
      row = this.#readAgain(context, template, compiled, offset)
    }
    if (compiled.isFlow) this.#complete(context, compiled, row)
    else {
      removeRow(flows, row)
      exporter.problem('record-not-a-flow')
    }
  }

  #readAgain(
    context: DatagramContext,
    template: Template,
    compiled: CompiledTemplate,
    offset: number,
  ): number {
    const batch = this.#batch
    batch.offset = offset
    batch.stride = 0
    batch.records = 1
    placeFields(template, compiled, context.view, { offset, end: context.view.byteLength })
    return this.#read(context, compiled)
  }

  #decodeListed(
    context: DatagramContext,
    listed: readonly ListedRecords[],
    { row, around }: { row: number; around: CompiledTemplate },
  ): void {
    const { exporter, stream } = context
    const { isInUse } = around
    around.isInUse = true
    const outerRow = this.#outerRow
    this.#outerRow = row
    this.#listDepth++
    try {
      for (const records of listed) {
        const template = stream.templates.get(records.templateId)
        const compiled =
          template && !template.isOptions ? this.#compiledOf(exporter, template) : null
        if (!template || !compiled || this.#listDepth > listDepthMax || !isListedFlow(compiled))
          exporter.problem('list-skipped')
        else this.decode(context, template, compiled, records)
      }
    } finally {
      this.#listDepth--
      this.#outerRow = outerRow
      around.isInUse = isInUse
    }
  }

  #run(context: DatagramContext, compiled: CompiledTemplate): void {
    this.#complete(context, compiled, this.#read(context, compiled))
  }

  /** Runs the steps of the batch's records; returns their first row. */
  #read(context: DatagramContext, compiled: CompiledTemplate): number {
    const batch = this.#batch
    const { flows } = context
    const from = flows.count
    const { groups, steps, scratchSteps } = compiled
    if (this.#outerRow >= 0) copyRow(flows, this.#outerRow, from, from + batch.records)
    readyRows(
      flows,
      this.#outerRow >= 0 ? everyColumn : compiled.writes,
      compiled.touches,
      from,
      batch.records,
    )
    for (let i = 0; i < scratchSteps.length; i++) scratchSteps[i]!(batch, 0)
    if (compiled.usesUptime) prepareUptime(batch, context, compiled, this.target.scratch)
    beginRows(batch, context, compiled)
    for (let i = 0; i < groups.length; i++) {
      const { loop, at } = groups[i]!
      loop(batch, from, at)
    }
    if (batch.isOdd) compiled.exactly?.loop(batch, from, compiled.exactly.at)
    for (let i = 0; i < steps.length; i++) steps[i]!(batch, from)
    flows.count = from + batch.records
    return from
  }

  /** Finishes the rows read from `from` on, and counts them. */
  #complete(context: DatagramContext, compiled: CompiledTemplate, from: number): void {
    const batch = this.#batch
    const { flows } = context
    const records = flows.count - from
    const isBiflow = compiled.reverseSteps.length > 0
    if (isBiflow) this.#readReverse(context, compiled, from)
    const reverse = isBiflow ? this.target.reverse : null
    if (compiled.countsAgain !== null)
      this.#before.countedAgain.leaveOut(context, batch, compiled, { from, reverse })
    else if (compiled.hasDeltas)
      this.#before.keptStarts.begin(context, batch, compiled, { from, reverse })
    finishRows(this.#finish, context, compiled, from)
    if (reverse !== null) {
      const { scratch } = this.target
      const replyAfterMs = compiled.scratch.has('replyAfterMs') ? scratch.replyAfterMs : null
      appendReverse(context, reverse, { from, replyAfterMs })
    }
    context.flowRecords += records
    context.rowsLeft -= flows.count - from
    if (batch.countersTooLarge > 0) {
      context.exporter.problem('counter-too-large', batch.countersTooLarge)
      batch.countersTooLarge = 0
    }
  }

  #readReverse({ flows }: DatagramContext, compiled: CompiledTemplate, from: number): void {
    const { reverse } = this.target
    clearFlowColumns(reverse)
    reverse.count = this.#batch.records
    for (const step of compiled.reverseSteps) step(this.#batch, 0)
    if (compiled.byLocalEnd !== null)
      exchangeCounts(this.#batch, flows, reverse, { from, field: compiled.byLocalEnd.field })
    if (compiled.initiator !== null)
      exchangeByInitiator(this.#batch, flows, reverse, { from, place: compiled.initiator })
  }
}

/** Whether records in a list are flows, or may contain some. */
function isListedFlow({ hasCounts, lists }: CompiledTemplate): boolean {
  return hasCounts || lists.length > 0
}
