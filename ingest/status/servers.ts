/** Serves the status: to the API over a Unix socket, to Prometheus over HTTP. */
import { rm } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { join } from 'node:path'

import type { Endpoint } from '../../flow/settings/values.ts'
import type { IngestStatus } from '../../flow/status.ts'

/** Answers a request on ingest's socket; false if it is for another route. */
export type SocketRoute = (...request: Parameters<RequestListener>) => boolean

/**
 * Serves `run/ingest.sock`: the given routes, and the status for everything else. The data folder's
 * lock is held, so an existing socket is stale.
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

/** Serves /metrics; returns the error if the address is unavailable, which is reported but does not stop collecting. */
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
