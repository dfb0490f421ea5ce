/** The page: the built files of web/, and its index.html for every address that is a view of it. */
import { existsSync } from 'node:fs'
import { extname, join } from 'node:path'

import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { ApiError } from './errors.ts'

/** What the built page consists of beside its index.html. */
const files = ['/assets/*', '/favicon.svg']
/** Files under assets/ carry a hash of their content in their names. */
const assetCache = 'public, max-age=31536000, immutable'

/**
 * Serves the page from its folder; what is neither a file nor a view is answered as an error. Files
 * are looked up when they are asked for, so that a page built anew is served as it is now.
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
    if (!isView(request)) throw notFound(request)
    if (!existsSync(join(folder, 'index.html'))) throw notBuilt
    return sendIndex(reply)
  })
}

function sendIndex(reply: FastifyReply): FastifyReply {
  return reply.sendFile('index.html')
}

/**
 * Addresses of the page's views have no extension (or look so, as 10.0.0.22 does), and browsers ask
 * for them as HTML. None has a separator that is written so as not to be seen, or would be the API
 * if it were read more kindly.
 */
function isView({ method, url, headers }: FastifyRequest): boolean {
  const [path = ''] = url.split('?')
  if (/%2f|%5c|%2e|\\|\/\//i.test(path) || looksLikeApi(path)) return false
  const isPage = extname(path) === '' || headers.accept?.includes('text/html') === true
  return isPage && (method === 'GET' || method === 'HEAD')
}

/** Whether a path is one of the API, however it is written. */
export function looksLikeApi(path: string): boolean {
  try {
    return /^\/api(\/|$)/i.test(decodeURIComponent(path))
  } catch {
    return true
  }
}

function notFound({ method, url }: FastifyRequest): ApiError {
  const [path = ''] = url.split('?')
  return new ApiError(404, 'not-found', {
    message: `there is no ${method} ${path.slice(0, 200)}`,
    remedy: 'see /api/docs for what there is',
  })
}

const notBuilt = new ApiError(503, 'page-not-built', {
  message: 'the page has not been built',
  remedy: 'run npm run build, or weir start, which builds it',
})
