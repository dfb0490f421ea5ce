/**
 * What browsers may cache: answers about closed time for a while, everything else only with
 * revalidation.
 */
import type { FastifyInstance, FastifyReply } from 'fastify'

import { compressedFromBytes, encodingFor, SentTexts } from './sent-texts.ts'

/**
 * How long a browser may reuse an answer about closed time, in seconds. Short, because late flows
 * may correct it and a replay may fill it; after that its ETag is compared.
 */
const closedSeconds = 60
/** Time counts as closed this long after its end, in ms. */
const closedAfterMs = 600_000

/** Sets how long the answer about a window may be cached. */
export function setCacheControl(
  reply: FastifyReply,
  window: { to: number; isFixed: boolean },
  now: number,
): void {
  reply.header(
    'cache-control',
    isClosedWindow(window, now) ? `private, max-age=${closedSeconds}` : 'private, no-cache',
  )
}

/** Whether a window is fixed and long over. */
export function isClosedWindow(window: { to: number; isFixed: boolean }, now: number): boolean {
  return window.isFixed && window.to <= now - closedAfterMs
}

/**
 * Adds an ETag to JSON answers, and answers 304 if the client has the same already. A text that is
 * sent again is sent as the same bytes: compressing a chart took ten times as long as everything
 * else in a cached answer.
 */
export function addEntityTags(app: FastifyInstance): void {
  const sent = new SentTexts()
  app.addHook('onSend', async (request, reply, payload) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (!request.url.startsWith('/api/') || !isRead) return payload
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
    if (typeof payload !== 'string' || reply.statusCode !== 200) return payload
    const text = sent.take(payload)
    reply.header('etag', text.tag)
    if (matches(request.headers['if-none-match'], text.tag)) {
      reply.code(304).removeHeader('content-type').removeHeader('content-length')
      // Fastify takes the body of HEAD away, and needs one.
      return request.method === 'HEAD' ? payload : null
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
