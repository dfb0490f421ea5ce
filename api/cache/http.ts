/** What browsers may keep: answers about closed time for a while, all else only to be asked again. */
import type { FastifyInstance, FastifyReply } from 'fastify'

import { compressedFromBytes, encodingFor, GivenTexts } from './sent-texts.ts'

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

/**
 * Adds an ETag to JSON answers, and answers 304 where the client has the same already. What is given again and again is
 * given as the bytes of the time before: compressing a chart took ten times as long as all else of an answer that is kept.
 */
export function addEntityTags(app: FastifyInstance): void {
  const given = new GivenTexts()
  app.addHook('onSend', async (request, reply, payload) => {
    if (!request.url.startsWith('/api/') || request.method !== 'GET') return payload
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
    if (typeof payload !== 'string' || reply.statusCode !== 200) return payload
    const text = given.take(payload)
    reply.header('etag', text.tag)
    if (matches(request.headers['if-none-match'], text.tag)) {
      reply.code(304).removeHeader('content-type').removeHeader('content-length')
      return null
    }
    const isWorth = text.isAgain && payload.length >= compressedFromBytes
    const encoding = isWorth ? encodingFor(request) : null
    if (encoding === null) return payload
    const body = await text.body(encoding)
    reply.header('content-length', body.length)
    if (encoding !== 'identity')
      reply.header('content-encoding', encoding).header('vary', 'accept-encoding')
    return body
  })
}

function matches(given: string | undefined, tag: string): boolean {
  return given?.split(',').some((each) => each.trim() === tag || each.trim() === '*') ?? false
}
