/** Where the status is served: to the API over a Unix socket, to Prometheus over HTTP. */
import { rm } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { join } from 'node:path'

import type { Endpoint } from '../../flow/setting-values.ts'
import type { IngestStatus } from '../../flow/status.ts'

/** Answers a request on ingest's socket; false where it is another's. */
export type SocketRoute = (...request: Parameters<RequestListener>) => boolean

/**
 * Serves `run/ingest.sock`: the routes given, and the status for all else. The data folder's lock
 * is held, so a socket left there is stale.
 */
export async function serveStatus(
  data: string,
  status: () => Promise<IngestStatus>,
  routes: readonly SocketRoute[] = [],
): Promise<Server> {
  const path = join(data, 'run', 'ingest.sock')
  await rm(path, { force: true })
  const server = createServer((request, response) => {
    if (routes.some((route) => route(request, response))) return
    status().then(
      (answer) => {
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify(answer))
      },
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  return server
}

/** Serves /metrics; the error where the address cannot be had, which is told and is no reason not to collect. */
export function serveMetrics(
  { host, port }: Endpoint,
  metrics: () => Promise<string>,
): Promise<Server | Error> {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end('the metrics are at /metrics\n')
      return
    }
    metrics().then(
      (text) => response.setHeader('content-type', 'text/plain; version=0.0.4').end(text),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  return new Promise((resolve) => {
    server.once('error', (error) => resolve(error))
    server.listen(port, host, () => resolve(server))
  })
}
