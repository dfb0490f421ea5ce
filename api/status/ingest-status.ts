/** Ingest's status: over its socket while it runs, else as it last saved it. */
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'

import type { ExporterStatus, IngestStatus } from '../../flow/status.ts'
import { lockPurpose, writerLockPath } from '../../store/lock.ts'
import type { Seen } from '../query/coverage.ts'

/** Where the API reads ingest's status; null if none has run. */
export interface StatusSource {
  read(): Promise<IngestStatus | null>
  /** Why not all collectors could be read, so that exporters may be missing; null if they could. */
  fault?(): Error | null
  /** Whether an ingest holds the data folder but does not answer yet: it is replaying its journal. */
  isStarting?(): Promise<boolean>
}

/** Time for ingest to answer. */
const answerTimeoutMs = 1000
/** A longer answer is not a status. */
const statusBytesMax = 64 * 2 ** 20
/** An answer is reused for this long: pages ask in bursts. */
const keptMs = 1000

/** The status of the ingest on a data folder. Never fails: an unreadable status counts as none. */
export function ingestStatus(data: string, now: () => number): StatusSource {
  let kept: { at: number; status: Promise<IngestStatus | null> } | null = null
  const read = async () => (await fromSocket(data)) ?? (await fromFile(data))
  return {
    read() {
      if (!kept || now() - kept.at > keptMs) kept = { at: now(), status: read() }
      return kept.status
    },
    isStarting: async () => (await lockPurpose(writerLockPath(data))) === 'ingest',
  }
}

/** The exporters of a status; none without a status. */
export function exportersOf(status: IngestStatus | null): ExporterStatus[] {
  return status?.exporters ?? []
}

/** When the exporters of a status sent, in unix ms. */
export function seenOf(exporters: readonly ExporterStatus[]): Seen[] {
  return exporters.map(({ address, firstSeen, lastSeen }) => ({
    address,
    firstSeen: firstSeen * 1000,
    lastSeen: lastSeen * 1000,
  }))
}

async function fromSocket(data: string): Promise<IngestStatus | null> {
  const text = await new Promise<string | null>((resolve) => {
    const socketPath = join(data, 'run', 'ingest.sock')
    const outgoing = request(
      { socketPath, path: '/status', timeout: answerTimeoutMs, agent: false },
      (response) => {
        const chunks: Buffer[] = []
        let bytes = 0
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes > statusBytesMax) outgoing.destroy()
          else chunks.push(chunk)
        })
        response.on('error', () => resolve(null))
        response.on('close', () => {
          const isWhole = response.complete && response.statusCode === 200
          resolve(isWhole ? Buffer.concat(chunks).toString('utf8') : null)
        })
      },
    )
    outgoing.on('timeout', () => outgoing.destroy())
    outgoing.on('error', () => resolve(null))
    outgoing.end()
  })
  return text === null ? null : parse(text)
}

async function fromFile(data: string): Promise<IngestStatus | null> {
  try {
    const status = parse(await readFile(join(data, 'state', 'exporters.json'), 'utf8'))
    return status && { ...status, running: false }
  } catch {
    return null
  }
}

function parse(text: string): IngestStatus | null {
  try {
    const status = JSON.parse(text) as Partial<IngestStatus> | null
    return Array.isArray(status?.exporters) ? (status as IngestStatus) : null
  } catch {
    return null
  }
}
