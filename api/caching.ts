/** What browsers may keep: answers about closed time for a while, all else only to be asked again. */
import { createHash } from 'node:crypto'

import type { FastifyInstance, FastifyReply } from 'fastify'

/**
 * How long an answer about closed time is taken as it is, in seconds: late flows may still correct
 * it, and a replay may fill it, so it is not long; then its ETag is compared.
 */
const closedSeconds = 60
/** Time is closed when it ended so long ago, in ms. */
const closedAfterMs = 600_000

/** Says for how long the answer about a window holds. */
export function sayFreshness(
  reply: FastifyReply,
  window: { to: number; isFixed: boolean },
  now: number,
): void {
  reply.header(
    'cache-control',
    isClosedWindow(window, now) ? `private, max-age=${closedSeconds}` : 'private, no-cache',
  )
}

/** Whether a window is always the same time, and one that is long over. */
export function isClosedWindow(window: { to: number; isFixed: boolean }, now: number): boolean {
  return window.isFixed && window.to <= now - closedAfterMs
}

/** Adds an ETag to JSON answers, and answers 304 where the client has the same already. */
export function addEntityTags(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (!request.url.startsWith('/api/') || request.method !== 'GET') return payload
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
    if (typeof payload !== 'string' || reply.statusCode !== 200) return payload
    const tag = tagOf(payload)
    reply.header('etag', tag)
    if (!matches(request.headers['if-none-match'], tag)) return payload
    reply.code(304).removeHeader('content-type').removeHeader('content-length')
    return null
  })
}

/** Texts that are given again and again, and their tags: a text that is the same object is found at once. */
const tags = new Map<string, string>()
const tagsMost = 256
const taggedCharactersMost = 1 << 20

function tagOf(text: string): string {
  const known = tags.get(text)
  if (known !== undefined) return known
  const tag = `W/"${createHash('sha1').update(text).digest('base64url')}"`
  if (text.length > taggedCharactersMost) return tag
  const [oldest] = tags.keys()
  if (tags.size >= tagsMost && oldest !== undefined) tags.delete(oldest)
  tags.set(text, tag)
  return tag
}

function matches(given: string | undefined, tag: string): boolean {
  return given?.split(',').some((each) => each.trim() === tag || each.trim() === '*') ?? false
}
