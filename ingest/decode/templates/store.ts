/** The templates of all streams, under common limits. */
import { evictionOrder } from '../exporters/eviction.ts'
import type { Exporter } from '../exporters/exporter.ts'
import type { DecoderLimits } from '../limits.ts'
import type { RecordDecoder } from '../records.ts'
import type { Stream } from '../exporters/stream.ts'
import type { CompiledTemplate, Template } from './template.ts'

interface HeldTemplate {
  exporter: Exporter
  stream: Stream
  template: Template
}

/** The compilation shared by templates with the same fields. */
interface CompiledLayout {
  compiled: CompiledTemplate
  fields: number
}

/** Most forgotten templates kept for reuse. */
const spareMax = 4096
/** Spare templates have at most this many fields; longer ones are freed. */
const spareFieldsMax = 64

export class TemplateStore {
  readonly #limits: DecoderLimits
  readonly #records: RecordDecoder
  readonly #exporters: ReadonlyMap<string, Exporter>
  #templates = 0
  #fields = 0
  readonly #layouts = new Map<string, CompiledLayout>()
  #compiledFields = 0
  /**
   * A flood of templates would turn each one it evicts into garbage, which is collected late:
   * forgotten templates are reused instead.
   */
  readonly #spare: Template[] = []

  constructor(
    limits: DecoderLimits,
    records: RecordDecoder,
    exporters: ReadonlyMap<string, Exporter>,
  ) {
    this.#limits = limits
    this.#records = records
    this.#exporters = exporters
  }

  /** Adds a template; returns the other one that it replaces, or null. */
  add(exporter: Exporter, stream: Stream, template: Template): Template | null {
    const held = stream.templates.get(template.id)
    if (held?.equals(template)) {
      held.usedMs = template.usedMs
      held.isAdopted &&= template.isAdopted
      return null
    }
    // The caller gets the replaced template, so it is not reused.
    if (held) this.#forget(stream, held)
    stream.templates.set(template.id, this.#spare.pop()?.become(template) ?? template)
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

  /**
   * The steps of a template, compiled when the first data for its fields arrives, from any
   * exporter.
   */
  compiled(exporter: Exporter, template: Template): CompiledTemplate {
    if (template.compiled && !template.compiled.isDropped) return template.compiled
    const { layout, fields } = template
    let held = this.#layouts.get(layout)
    if (!held) {
      this.#compiledFields += fields.length
      if (this.#compiledFields > this.#limits.compiledFieldsMax) this.#dropCompiled()
      held = { compiled: this.#records.compile(template), fields: fields.length }
      this.#layouts.set(layout, held)
    }
    template.compiled = held.compiled
    exporter.problem('field-length', held.compiled.badLengths)
    return held.compiled
  }

  /** Forgets a template that was replaced by an unusable one. */
  drop(stream: Stream, id: number): void {
    const held = stream.templates.get(id)
    if (held) this.#remove(stream, held)
  }

  /** Forgets the templates of a stream that is being forgotten. */
  forget(stream: Stream): void {
    for (const template of stream.templates.values()) this.#remove(stream, template)
  }

  #forget(stream: Stream, template: Template): void {
    stream.templates.delete(template.id)
    this.#templates--
    this.#fields -= template.fields.length
  }

  /** Forgets a template that no one else references. */
  #remove(stream: Stream, template: Template): void {
    this.#forget(stream, template)
    template.compiled = null
    const isSpare = this.#spare.length < spareMax && template.fields.length <= spareFieldsMax
    if (isSpare) this.#spare.push(template)
  }

  #evictOldest(exporter: Exporter, stream: Stream): void {
    let oldest: Template | null = null
    for (const template of stream.templates.values())
      if (oldest === null || template.usedMs < oldest.usedMs) oldest = template
    if (oldest) this.#remove(stream, oldest)
    exporter.problem('template-evicted')
  }

  /**
   * Evicts a quarter at once, so that a flood of templates does not cost a search each. First those
   * without data, then those of the exporters with most: each keeps its most recently used.
   */
  #evict(): void {
    const held = this.#all()
    const order = evictionOrder(held, {
      isIdle: ({ template }) => template.compiled === null,
      usedMs: ({ template }) => template.usedMs,
    })
    for (const { exporter, stream, template } of order.slice(0, Math.ceil(held.length / 4))) {
      this.#remove(stream, template)
      exporter.problem('template-evicted')
    }
  }

  /**
   * Drops the steps of the less recently used half of the layouts; they are recompiled when needed.
   */
  #dropCompiled(): void {
    const layouts = [...this.#layouts]
      .filter(([, { compiled }]) => !compiled.isInUse)
      .sort(([, a], [, b]) => a.compiled.usedMs - b.compiled.usedMs)
    for (const [layout, { compiled, fields }] of layouts.slice(0, Math.ceil(layouts.length / 2))) {
      this.#layouts.delete(layout)
      this.#compiledFields -= fields
      drop(compiled)
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

/** Frees the steps although templates still reference their owner. */
function drop(compiled: CompiledTemplate): void {
  compiled.isDropped = true
  compiled.places = []
  compiled.groups = []
  compiled.steps = []
  compiled.scratchSteps = []
  compiled.reverseSteps = []
  compiled.exactly = null
}
