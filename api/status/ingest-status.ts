/** Ingest's status: over its socket while it runs, else as it last saved it. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { ExporterStatus, IngestStatus } from '../../flow/status.ts'
import { isForbidden } from '../../store/disk/file-fault.ts'
import { lockPurpose, writerLockPath } from '../../store/disk/lock.ts'
import { askIngest } from '../ask-ingest.ts'
import { ApiError } from '../errors.ts'
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
/** An answer is reused for this long: pages ask in bursts. */
const keptMs = 1000

/**
 * The status of the ingest on a data folder. Never fails: an unreadable status counts as none, and
 * `fault` tells why.
 */
export function ingestStatus(data: string, now: () => number): StatusSource {
  let kept: { at: number; status: Promise<IngestStatus | null> } | null = null
  let fault: Error | null = null
  const read = async () => {
    fault = null
    for (const from of [fromSocket, fromFile])
      try {
        const status = await from(data)
        if (status) return status
      } catch (error) {
        if (isForbidden(error)) fault = forbidden(error)
      }
    return null
  }
  return {
    fault: () => fault,
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

function forbidden(error: unknown): ApiError {
  return new ApiError(503, 'unreadable', {
    message: `the status of ingest cannot be read (${(error as NodeJS.ErrnoException).code})`,
    remedy: 'run the API as the user that ingest runs as, and give it the data folder (chown)',
  })
}

async function fromSocket(data: string): Promise<IngestStatus | null> {
  const answer = await askIngest(data, '/status', { timeoutMs: answerTimeoutMs })
  return answer?.status === 200 ? statusOf(answer.body) : null
}

async function fromFile(data: string): Promise<IngestStatus | null> {
  const text = await readFile(join(data, 'state', 'exporters.json'), 'utf8')
  const status = statusOf(JSON.parse(text))
  return status && { ...status, running: false }
}

function statusOf(body: unknown): IngestStatus | null {
  const status = body as Partial<IngestStatus> | null
  return Array.isArray(status?.exporters) ? (status as IngestStatus) : null
}
