/**
 * What the collectors of a cluster share: which datagrams of each exporter they received, and their
 * status. Runs in the background; nothing waits for it.
 */
import { randomUUID } from 'node:crypto'

import type { ReceivedRange } from '../../flow/received-range.ts'
import { reasonOf } from '../../flow/reason.ts'
import type { IngestStatus } from '../../flow/status.ts'
import type { Connection } from './connection.ts'
import { readDocuments, writeDocument } from './documents.ts'

/** A collector's status as last reported; `at` in unix ms. */
export interface ReportedStatus {
  at: number
  status: IngestStatus
}

interface ExchangeParts {
  connection: Connection
  writer: string
  now: () => number
}

/** How long the last report may take when the process ends. */
const graceMs = 3000

const heardName = 'heard'
const statusName = 'status'
const instanceName = 'instance'

export class Exchange {
  /** What the others last reported receiving. */
  others: readonly ReceivedRange[] = []
  /** Why the last report failed; the next one retries. */
  lastError: string | null = null
  /** Another process reports under this collector's name. */
  isNameTaken = false
  readonly #parts: ExchangeParts
  /** Identifies this process's own report. */
  readonly #instance = randomUUID()
  #hasReported = false
  readonly #ending = new AbortController()
  #running: Promise<void> | null = null

  constructor(parts: ExchangeParts) {
    this.#parts = parts
  }

  /**
   * Reports what was received here and the status, and reads the others' reports, unless that is in
   * progress. Never fails, and nothing needs to wait for it.
   */
  report(received: readonly ReceivedRange[], status: () => Promise<IngestStatus>): Promise<void> {
    return (this.#running ??= this.#run(received, status, this.#ending.signal).finally(() => {
      this.#running = null
    }))
  }

  /** Sends a final report (of status only, if `received` is null) and ends. */
  async close(
    received: readonly ReceivedRange[] | null,
    status: () => Promise<IngestStatus>,
  ): Promise<void> {
    const signal = AbortSignal.timeout(graceMs)
    this.#ending.abort()
    await this.#running
    await this.#run(received, status, signal)
    await this.#parts.connection.close()
  }

  async #run(
    received: readonly ReceivedRange[] | null,
    status: () => Promise<IngestStatus>,
    signal: AbortSignal,
  ): Promise<void> {
    const { connection, writer, now } = this.#parts
    try {
      await this.#lookForNamesake(signal)
      const reported: ReportedStatus = { at: now(), status: await status() }
      const instance = received && { [instanceName]: this.#instance, [heardName]: received }
      const documents = { [statusName]: reported, ...instance }
      for (const [name, value] of Object.entries(documents))
        await writeDocument(connection, { writer, name, value, version: now(), signal })
      this.#hasReported = true
      const reports = await readDocuments<ReceivedRange[]>(connection, heardName, signal)
      this.others = reports.flatMap((each) => (each.writer === writer ? [] : each.value))
      this.lastError = null
    } catch (error) {
      this.lastError = reasonOf(error)
    }
  }

  /** Any other recent reporter under this name is another collector: their rows would replace each other. */
  async #lookForNamesake(signal: AbortSignal): Promise<void> {
    if (!this.#hasReported) return
    const { connection, writer } = this.#parts
    const reports = await readDocuments<string>(connection, instanceName, signal)
    const own = reports.find((each) => each.writer === writer)
    if (own && own.value !== this.#instance) this.isNameTaken = true
  }
}

/** The status of all collectors, as last reported. */
export function readStatuses(
  connection: Connection,
): Promise<{ writer: string; value: ReportedStatus }[]> {
  return readDocuments<ReportedStatus>(connection, statusName)
}
