/** Logs when an exporter changes a template: once, with the difference. */
import type { Logger } from 'pino'

import { elementOf } from '../decode/elements.ts'
import type { Field } from '../decode/templates/field.ts'
import type { TemplateChange } from '../decode/sets.ts'
import { variableLength } from '../decode/templates/template.ts'

/** A template that keeps changing is logged once in this time. */
const againMs = 3_600_000
/** Templates remembered as logged; beyond that, the oldest may be logged again. */
const rememberedMax = 4096
/** Lines per minute; further changes are still counted, as template-changed, in the exporter's status. */
const linesPerMinuteMax = 20
const minuteMs = 60_000

export class TemplateLog {
  readonly #log: Logger
  readonly #spokenOf = new Map<string, number>()
  #minute = 0
  #lines = 0

  constructor(log: Logger) {
    this.#log = log
  }

  /** Processes a change. */
  take({ exporter, observationDomain, templateId, receivedMs, before, after }: TemplateChange): void {
    const key = `${exporter} ${observationDomain} ${templateId}`
    const last = this.#spokenOf.get(key)
    if (last !== undefined && receivedMs - last < againMs) return
    const minute = Math.floor(receivedMs / minuteMs)
    if (minute !== this.#minute) this.#lines = 0
    this.#minute = minute
    if (this.#lines++ >= linesPerMinuteMax) return
    this.#spokenOf.delete(key)
    this.#spokenOf.set(key, receivedMs)
    if (this.#spokenOf.size > rememberedMax)
      this.#spokenOf.delete(this.#spokenOf.keys().next().value!)
    const difference = differenceOf(before.fields, after.fields)
    this.#log.warn(
      { exporter, observationDomain, templateId, ...difference },
      'an exporter changed a template: the new one counts from now on',
    )
  } // prettier-ignore
}

/** The fields removed and added; if there are none, only their order changed. */
function differenceOf(
  before: readonly Field[],
  after: readonly Field[],
): { gone: string[]; come: string[] } | { reordered: string[] } {
  const gone = without(before, after)
  const come = without(after, before)
  return gone.length + come.length === 0 ? { reordered: after.map(nameOf) } : { gone, come }
}

/** The fields of a list that are not in another, as often as they are more frequent. */
function without(fields: readonly Field[], others: readonly Field[]): string[] {
  const left = new Map<string, number>()
  for (const other of others) {
    const name = nameOf(other)
    left.set(name, (left.get(name) ?? 0) + 1)
  }
  return fields.map(nameOf).filter((name) => {
    const times = left.get(name) ?? 0
    left.set(name, times - 1)
    return times <= 0
  })
}

/** Such as `octetDeltaCount (1), 8 bytes`. */
function nameOf({ id, enterprise, length }: Field): string {
  const number = enterprise === 0 ? String(id) : `${enterprise}/${id}`
  const name = elementOf(enterprise, id)?.name ?? 'unknown'
  return `${name} (${number}), ${length === variableLength ? 'variable' : `${length} bytes`}`
}
