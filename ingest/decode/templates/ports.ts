/**
 * Templates announced from a different port than the data. A port that has announced none uses
 * those of the others until it announces some. Ports are still kept separate, because exporters
 * that share an address (behind NAT, or processes of one host) use the same ids for different
 * templates.
 */
import type { Exporter } from '../exporters/exporter.ts'
import type { Stream } from '../exporters/stream.ts'
import type { TemplateStore } from './store.ts'
import { Template } from './template.ts'

const isSibling = (one: Stream, other: Stream): boolean =>
  one !== other && one.version === other.version && one.domain === other.domain

function adopted(announced: Template): Template {
  const { id, fields, scopeCount, isOptions, usedMs } = announced
  const template = new Template(id, fields, { scopeCount, isOptions, nowMs: usedMs })
  template.isAdopted = true
  template.countsBothWays = announced.countsBothWays
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
