/**
 * Which pages may call the API: pages of other sites must reach nothing, even where the API listens
 * on loopback only and trusts everybody there.
 *
 * Host must be an IP address, localhost, this machine's name, or the name in WEIR_HTTP or
 * WEIR_PUBLISHED; a foreign name that resolves to this machine (DNS rebinding) is none of these.
 * Origin and Sec-Fetch-Site must name this very site; only links that open a page may come from
 * elsewhere.
 */
import { isIP } from 'node:net'
import { hostname } from 'node:os'

import helmet from '@fastify/helmet'
import type { FastifyInstance, FastifyRequest } from 'fastify'

import { ApiError } from '../errors.ts'

/**
 * Nothing from elsewhere, nothing inline; uPlot sets styles through the CSSOM, which this allows.
 */
const contentSecurityPolicy = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:', 'blob:'],
  'connect-src': ["'self'"],
  'font-src': ["'self'"],
  'base-uri': ["'none'"],
  'object-src': ["'none'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
}

/** Adds the checks and the headers to every response, 404s included. */
export async function guardOrigins(
  app: FastifyInstance,
  ownNames: readonly string[],
): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: contentSecurityPolicy },
    // TLS is terminated by a proxy, if at all; over plain HTTP both of these only cause browser
    // warnings.
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    xFrameOptions: { action: 'deny' },
  })
  const names = new Set(['localhost', hostname(), ...ownNames].map((name) => name.toLowerCase()))
  app.addHook('onRequest', (request, _reply, done) => {
    done(refusal(request, names))
  })
}

function refusal(request: FastifyRequest, names: ReadonlySet<string>): ApiError | undefined {
  const host = request.headers.host ?? ''
  if (!isOurs(hostName(host), names))
    return new ApiError(403, 'host-refused', {
      message: `the host "${host}" is not this server`,
      remedy: 'use its IP address, localhost or its own name, or put the name into WEIR_PUBLISHED',
    })
  const { origin } = request.headers
  if (origin !== undefined && originHost(origin) !== host.toLowerCase())
    return new ApiError(403, 'origin-refused', {
      message: `pages of "${origin}" may not call this API`,
      remedy: 'open the page of this server itself',
    })
  const site = request.headers['sec-fetch-site']
  if (site === undefined || site === 'same-origin' || site === 'none') return undefined
  if (isOpeningPage(request)) return undefined
  return new ApiError(403, 'site-refused', {
    message: 'pages of other sites may not call this API',
    remedy: 'open the page of this server itself',
  })
}

/** The name or address of a Host header, without port and brackets, in lower case. */
function hostName(host: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/.exec(host.toLowerCase())
  return match?.[1] ?? match?.[2]?.replace(/\.$/, '') ?? ''
}

function isOurs(name: string, names: ReadonlySet<string>): boolean {
  return isIP(name) !== 0 || names.has(name)
}

function originHost(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : ''
}

/**
 * A link from another site that opens the page in its tab: the other site cannot read the answer.
 */
function isOpeningPage({ method, headers, url }: FastifyRequest): boolean {
  return (
    method === 'GET' &&
    headers['sec-fetch-mode'] === 'navigate' &&
    headers['sec-fetch-dest'] === 'document' &&
    !url.startsWith('/api/')
  )
}
