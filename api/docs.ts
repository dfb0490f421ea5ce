/** The API's own description: OpenAPI at /api/docs/json, and as a plain page at /api/docs. */
import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'

import { escapeMarkup } from './markup.ts'

interface Operation {
  summary?: string
  description?: string
  parameters?: { name: string; description?: string; schema?: { enum?: string[] } }[]
}

/** Registers the description; it covers the routes registered after it. */
export async function describe(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Weir',
        version,
        description:
          'Bandwidth over time by host, port and protocol, and the flows behind it. Times in ' +
          'answers are unix seconds; null is unknown; errors are {error: {code, message, remedy}}.',
      },
    },
  })
}

/** Adds the routes that show the description. */
export function showDescription(app: FastifyInstance): void {
  const hidden = { schema: { hide: true } }
  app.get('/api/docs/json', hidden, () => withPrefixItems(app.swagger()))
  app.get('/api/docs', hidden, (_request, reply) => {
    reply.type('text/html; charset=utf-8')
    return page(
      (app.swagger() as { paths?: Record<string, Record<string, Operation>> }).paths ?? {},
    )
  })
}

/**
 * The description with tuples as OpenAPI 3.1 has them (JSON Schema 2020-12, section 10.3.1.1). The
 * validators and TypeBox write them as draft-07 does.
 */
function withPrefixItems(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withPrefixItems)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(
    ([name, part]) => [name, withPrefixItems(part)] as const,
  )
  const { items, additionalItems, ...rest } = Object.fromEntries(entries)
  if (!Array.isArray(items)) return Object.fromEntries(entries)
  return { ...rest, prefixItems: items, items: additionalItems ?? true }
}

function page(paths: Record<string, Record<string, Operation>>): string {
  const sections = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => section(method, path, operation)),
  )
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width"><title>Weir API</title>',
    '<h1>Weir API</h1><p>As <a href="/api/docs/json">OpenAPI</a>.</p>',
    ...sections,
    '</html>',
  ].join('\n')
}

function section(method: string, path: string, { summary, parameters }: Operation): string {
  const items = (parameters ?? []).map(({ name, description, schema }) => {
    const words = schema?.enum ? ` (${schema.enum.join(', ')})` : ''
    return `<dt><code>${escapeMarkup(name)}</code></dt><dd>${escapeMarkup(`${description ?? ''}${words}`)}</dd>`
  })
  const list = items.length === 0 ? '' : `<dl>${items.join('')}</dl>`
  return `<h2>${escapeMarkup(`${method.toUpperCase()} ${path}`)}</h2><p>${escapeMarkup(summary ?? '')}</p>${list}`
}
