/**
 * Templates announced from a different port, or in a different domain, than the data. A port that
 * has announced none uses those of the others until it announces some. Ports are still kept separate, because exporters
 * that share an address (behind NAT, or processes of one host) use the same ids for different
 * templates.
 */
import type { Exporter } from '../exporters/exporter.ts'
import type { Stream } from '../exporters/stream.ts'
import type { TemplateStore } from './store.ts'
import { Template } from './template.ts'

/**
 * Of the same domain from another port; or of any domain, if the exporter has one counter for all:
 * Open vSwitch announces its templates in only one of them.
 */
function isSibling(one: Stream, other: Stream): boolean {
  if (one === other || one.version !== other.version) return false
  return (
    one.domain === other.domain || (one.session === other.session && one.session.shared !== null)
  )
}

function adopted(announced: Template): Template {
  const { id, fields, scopeCount, isOptions, usedMs } = announced
  // A forgotten template becomes another, and its fields with it: these are this one's own.
  const template = new Template(id, [...fields], { scopeCount, isOptions, nowMs: usedMs })
  template.isAdopted = true
  Object.assign(template.seen, announced.seen)
  return template
}

/**
 * Copies the template with this id from the most recent port that has one; from now on it is this
 * stream's too.
 */
export function adoptTemplate(
  templates: TemplateStore,
  exporter: Exporter,
  stream: Stream,
  id: number,
): Template | undefined {
  if (stream.announces || exporter.streams.size === 1) return undefined
  let seenMs = Number.NEGATIVE_INFINITY
  let found: Template | undefined
  for (const other of exporter.streams.values()) {
    const template = isSibling(stream, other) ? other.templates.get(id) : undefined
    if (template === undefined || other.seenMs < seenMs) continue
    seenMs = other.seenMs
    found = template
  }
  if (found) templates.add(exporter, stream, adopted(found))
  return stream.templates.get(id)
}

/** Has the domains of a session use each other's templates, now that they have one counter. */
export function adoptAwaited(templates: TemplateStore, exporter: Exporter, of: Stream): void {
  for (const stream of exporter.streams.values()) {
    if (stream.session !== of.session) continue
    for (const id of stream.awaited.keys())
      if (adoptTemplate(templates, exporter, stream, id)) exporter.releasable.add(stream)
  }
}

/** Gives an announced template to the ports that use others' templates and have data for it. */
export function shareTemplate(
  templates: TemplateStore,
  exporter: Exporter,
  stream: Stream,
  template: Template,
): void {
  if (exporter.streams.size === 1) return
  for (const other of exporter.streams.values()) {
    if (other.announces || !isSibling(stream, other)) continue
    const isAwaited = other.awaited.has(template.id)
    if (!isAwaited && !other.templates.has(template.id)) continue
    templates.add(exporter, other, adopted(template))
    if (isAwaited) exporter.releasable.add(other)
  }
}

/** Drops a template from the stream that announced it, and from the ports that use it. */
export function dropTemplate(
  templates: TemplateStore,
  exporter: Exporter,
  stream: Stream,
  id: number,
): void {
  templates.drop(stream, id)
  for (const other of exporter.streams.values())
    if (!other.announces && isSibling(stream, other)) templates.drop(other, id)
}
