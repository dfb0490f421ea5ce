/** The templates of all streams under common bounds: the longest unused go first. */
import type { Exporter } from './exporter.ts'
import type { DecoderLimits } from './limits.ts'
import type { RecordDecoder } from './records.ts'
import type { Stream } from './stream.ts'
import type { CompiledTemplate, Template } from './template.ts'

interface HeldTemplate {
  exporter: Exporter
  stream: Stream
  template: Template
}

export class TemplateStore {
  readonly #limits: DecoderLimits
  readonly #records: RecordDecoder
  readonly #exporters: ReadonlyMap<string, Exporter>
  #templates = 0
  #fields = 0
  #compiledFields = 0

  constructor(
    limits: DecoderLimits,
    records: RecordDecoder,
    exporters: ReadonlyMap<string, Exporter>,
  ) {
    this.#limits = limits
    this.#records = records
    this.#exporters = exporters
  }

  /** Takes in a template; returns the other one that it replaces, or null. */
  add(exporter: Exporter, stream: Stream, template: Template): Template | null {
    const held = stream.templates.get(template.id)
    if (held?.equals(template)) {
      held.usedMs = template.usedMs
      return null
    }
    if (held) this.#remove(stream, held)
    stream.templates.set(template.id, template)
    this.#templates++
    this.#fields += template.fields.length
    if (stream.templates.size > this.#limits.templatesPerStreamMax)
      this.#evictOldest(exporter, stream)
    if (
      this.#templates > this.#limits.templatesMax ||
      this.#fields > this.#limits.templateFieldsMax
    )
      this.#evict()
    return held ?? null
  }

  /** The steps of a template, made when they are first asked for. */
  compiled(exporter: Exporter, template: Template): CompiledTemplate {
    if (template.compiled) return template.compiled
    this.#compiledFields += template.fields.length
    if (this.#compiledFields > this.#limits.compiledFieldsMax) this.#dropCompiled()
    const compiled = this.#records.compile(template)
    template.compiled = compiled
    exporter.problem('field-length', compiled.badLengths)
    return compiled
  }

  /** Forgets the templates of a stream that is itself forgotten. */
  forget(stream: Stream): void {
    for (const template of stream.templates.values()) this.#remove(stream, template)
  }

  #remove(stream: Stream, template: Template): void {
    stream.templates.delete(template.id)
    this.#templates--
    this.#fields -= template.fields.length
    if (template.compiled) this.#compiledFields -= template.fields.length
  }

  #evictOldest(exporter: Exporter, stream: Stream): void {
    let oldest: Template | null = null
    for (const template of stream.templates.values())
      if (oldest === null || template.usedMs < oldest.usedMs) oldest = template
    if (oldest) this.#remove(stream, oldest)
    exporter.problem('template-evicted')
  }

  /** A quarter at once, so that a flood of templates does not cost a search each. */
  #evict(): void {
    const held = this.#all().sort((a, b) => a.template.usedMs - b.template.usedMs)
    for (const { exporter, stream, template } of held.slice(0, Math.ceil(held.length / 4))) {
      this.#remove(stream, template)
      exporter.problem('template-evicted')
    }
  }

  /** Forgets the steps of the longest unused half; they are made again when needed. */
  #dropCompiled(): void {
    const held = this.#all()
      .filter(({ template }) => template.compiled !== null)
      .sort((a, b) => a.template.usedMs - b.template.usedMs)
    for (const { template } of held.slice(0, Math.ceil(held.length / 2))) {
      template.compiled = null
      this.#compiledFields -= template.fields.length
    }
  }

  #all(): HeldTemplate[] {
    const held: HeldTemplate[] = []
    for (const exporter of this.#exporters.values())
      for (const stream of exporter.streams.values())
        for (const template of stream.templates.values()) held.push({ exporter, stream, template })
    return held
  }
}
