/**
 * What the collectors of a cluster share: which datagrams of each exporter they received, and their
 * status. Runs in the background; nothing waits for it.
 */
import { randomUUID } from 'node:crypto'

import type { HeardSpan } from '../../flow/heard.ts'
import { reasonOf } from '../../flow/reason.ts'
import type { IngestStatus } from '../../flow/status.ts'
import type { Connection } from './connection.ts'
import { readDocuments, writeDocument } from './documents.ts'

/** A collector's status as last reported; `at` in unix ms. */
export interface ToldStatus {
  at: number
  status: IngestStatus
}

export interface ExchangeParts {
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
  others: readonly HeardSpan[] = []
  /** Why the last report failed; the next one retries. */
  lastError: string | null = null
  /** Another process reports under this collector's name. */
  isNameTaken = false
  readonly #parts: ExchangeParts
  /** Identifies this process's own report. */
  readonly #instance = randomUUID()
  #hasTold = false
  readonly #ending = new AbortController()
  #running: Promise<void> | null = null

  constructor(parts: ExchangeParts) {
    this.#parts = parts
  }

  /**
   * Reports what was received here and the status, and reads the others' reports, unless that is in
   * progress. Never fails, and nothing needs to wait for it.
   */
  tell(heard: readonly HeardSpan[], status: () => Promise<IngestStatus>): Promise<void> {
    return (this.#running ??= this.#run(heard, status, this.#ending.signal).finally(() => {
      this.#running = null
    }))
  }

  /** Sends a final report (of status only, if `heard` is null) and ends. */
  async close(
    heard: readonly HeardSpan[] | null,
    status: () => Promise<IngestStatus>,
  ): Promise<void> {
    const signal = AbortSignal.timeout(graceMs)
    this.#ending.abort()
    await this.#running
    await this.#run(heard, status, signal)
    await this.#parts.connection.close()
  }

  async #run(
    heard: readonly HeardSpan[] | null,
    status: () => Promise<IngestStatus>,
    signal: AbortSignal,
  ): Promise<void> {
    const { connection, writer, now } = this.#parts
    try {
      await this.#lookForNamesake(signal)
      const told: ToldStatus = { at: now(), status: await status() }
      const instance = heard && { [instanceName]: this.#instance, [heardName]: heard }
      const documents = { [statusName]: told, ...instance }
      for (const [name, value] of Object.entries(documents))
        await writeDocument(connection, { writer, name, value, version: now(), signal })
      this.#hasTold = true
      const said = await readDocuments<HeardSpan[]>(connection, heardName, signal)
      this.others = said.flatMap((each) => (each.writer === writer ? [] : each.value))
      this.lastError = null
    } catch (error) {
      this.lastError = reasonOf(error)
    }
  }

  /** Any other recent reporter under this name is another collector: their rows would replace each other. */
  async #lookForNamesake(signal: AbortSignal): Promise<void> {
    if (!this.#hasTold) return
    const { connection, writer } = this.#parts
    const said = await readDocuments<string>(connection, instanceName, signal)
    const own = said.find((each) => each.writer === writer)
    if (own && own.value !== this.#instance) this.isNameTaken = true
  }
}

/** The status of all collectors, as last reported. */
export function readStatuses(
  connection: Connection,
): Promise<{ writer: string; value: ToldStatus }[]> {
  return readDocuments<ToldStatus>(connection, statusName)
}
