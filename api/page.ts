/** The page: the built files of web/, and its index.html for every address of a view. */
import { existsSync } from 'node:fs'
import { extname, join } from 'node:path'

import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyRequest } from 'fastify'

import { ApiError } from './errors.ts'

/** The files of the built page besides its index.html. */
const files = ['/assets/*', '/favicon.svg']
/** Files under assets/ have a content hash in their names. */
const assetCache = 'public, max-age=31536000, immutable'

/**
 * Serves the page from its folder; anything that is neither a file nor a view is answered with an
 * error. Files are looked up per request, so that a rebuilt page is served at once.
 */
export async function servePage(app: FastifyInstance, folder: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: folder,
    serve: false,
    suppressWarning: true,
    dotfiles: 'ignore',
    cacheControl: false,
    setHeaders(response, path) {
      const isAsset = path.startsWith(join(folder, 'assets'))
      response.header('cache-control', isAsset ? assetCache : 'no-cache')
    },
  })
  for (const path of files)
    app.get(path, { schema: { hide: true } }, ({ url }, reply) =>
      reply.sendFile(decodeURI(url.split('?')[0]!)),
    )
  app.setNotFoundHandler((request, reply) => {
    if (!isView(request)) {
      const allowed = methodsOf(app, request)
      if (allowed.length === 0) throw notFound(request)
      void reply.header('allow', allowed.join(', '))
      throw notAllowed(request, allowed)
    }
    if (!existsSync(join(folder, 'index.html'))) throw notBuilt
    return reply.sendFile('index.html')
  })
}

/**
 * Addresses of views have no file extension (or only look so, like 10.0.0.22), and browsers request
 * them as HTML. None contains an encoded separator, or would be part of the API if decoded more
 * leniently.
 */
function isView({ method, url, headers }: FastifyRequest): boolean {
  const [path = ''] = url.split('?')
  if (/%2f|%5c|%2e|\\|\/\//i.test(path) || looksLikeApi(path)) return false
  const isPage = extname(path) === '' || headers.accept?.includes('text/html') === true
  return isPage && (method === 'GET' || method === 'HEAD')
}

/** Whether a path is one of the API, in any encoding. */
export function looksLikeApi(path: string): boolean {
  try {
    return /^\/api(\/|$)/i.test(decodeURIComponent(path))
  } catch {
    return true
  }
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** The methods that the path of a request takes; none if there is no such path. */
function methodsOf(app: FastifyInstance, { url }: FastifyRequest): string[] {
  const [path = ''] = url.split('?')
  return methods.filter((method) => app.findRoute({ method, url: path }) !== null)
}

function notAllowed({ method, url }: FastifyRequest, allowed: readonly string[]): ApiError {
  const [path = ''] = url.split('?')
  return new ApiError(405, 'method-not-allowed', {
    message: `${path.slice(0, 200)} does not take ${method}`,
    remedy: `use ${allowed.join(' or ')}`,
  })
}

function notFound({ method, url }: FastifyRequest): ApiError {
  const [path = ''] = url.split('?')
  return new ApiError(404, 'not-found', {
    message: `there is no ${method} ${path.slice(0, 200)}`,
    remedy: 'see /api/docs for all routes',
  })
}

const notBuilt = new ApiError(503, 'page-not-built', {
  message: 'the page has not been built',
  remedy: 'run npm run build, or weir start, which builds it',
})
