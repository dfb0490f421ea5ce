/** What ingest says of itself: to the API over a Unix socket, to Prometheus, and to the file that outlives it. */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { join } from 'node:path'

import type { Endpoint } from '../../flow/setting-values.ts'
import type { ExporterStatus, IngestStatus } from '../../flow/status.ts'

const exportersFile = join('state', 'exporters.json')

/** Exporters as the last ingest or replay left them; none where nothing has been written. */
export async function readExporters(data: string): Promise<ExporterStatus[]> {
  try {
    const text = await readFile(join(data, exportersFile), 'utf8')
    return (JSON.parse(text) as IngestStatus).exporters
  } catch {
    return []
  }
}

/** Keeps the status for when no ingest runs; written whole or not at all. */
export async function keepStatus(data: string, status: IngestStatus): Promise<void> {
  await mkdir(join(data, 'state'), { recursive: true, mode: 0o700 })
  const path = join(data, exportersFile)
  const file = await open(`${path}.part`, 'w', 0o600)
  await file.writeFile(JSON.stringify(status))
  await file.sync()
  await file.close()
  await rename(`${path}.part`, path)
}

/** Exporters that are told of although they have not sent since the start; beyond, those longest silent are left out. */
const rememberedMax = 4096

/** The exporters of this run, and those of before it that have not sent again. */
export function rememberExporters(
  earlier: readonly ExporterStatus[],
  now: readonly ExporterStatus[],
): ExporterStatus[] {
  const before = new Map(earlier.map((exporter) => [exporter.address, exporter]))
  const seen = now.map((exporter) => {
    const known = before.get(exporter.address)
    before.delete(exporter.address)
    if (!known) return exporter
    return { ...exporter, firstSeen: Math.min(exporter.firstSeen, known.firstSeen) }
  })
  const silent = [...before.values()].sort((a, b) => b.lastSeen - a.lastSeen)
  return [...seen, ...silent.slice(0, rememberedMax)]
}

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
