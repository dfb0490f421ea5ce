/**
 * What collectors on one cluster tell each other: which of the exporters' datagrams each heard, and how
 * each stands. It is asked for and told beside all else, and nothing waits for it.
 */
import { randomUUID } from 'node:crypto'

import type { HeardSpan } from '../../flow/heard.ts'
import { reasonOf } from '../../flow/reason.ts'
import type { IngestStatus } from '../../flow/status.ts'
import type { Connection } from './connection.ts'
import { readDocuments, writeDocument } from './documents.ts'

/** How a collector stands, as it last said; `at` in unix ms. */
export interface ToldStatus {
  at: number
  status: IngestStatus
}

export interface ExchangeParts {
  connection: Connection
  writer: string
  now: () => number
}

/** What may still be told when the process ends. */
const graceMs = 3000

const heardName = 'heard'
const statusName = 'status'
const instanceName = 'instance'

export class Exchange {
  /** What the others last said that they heard. */
  others: readonly HeardSpan[] = []
  /** Why the last telling failed; it is tried again with the next. */
  lastError: string | null = null
  /** Another process was found to tell under this collector's name. */
  isNameTaken = false
  readonly #parts: ExchangeParts
  /** By which this process knows its own word. */
  readonly #instance = randomUUID()
  #hasTold = false
  readonly #ending = new AbortController()
  #running: Promise<void> | null = null

  constructor(parts: ExchangeParts) {
    this.#parts = parts
  }

  /**
   * Tells what was heard here and how it stands, and asks what the others say, unless that is going on.
   * Nothing needs to wait for it; it never fails.
   */
  tell(heard: readonly HeardSpan[], status: () => Promise<IngestStatus>): Promise<void> {
    return (this.#running ??= this.#run(heard, status, this.#ending.signal).finally(() => {
      this.#running = null
    }))
  }

  /** Tells the last of all (of what was heard nothing where it is null), and ends. */
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

  /** Whoever else has told since is another collector with this name: their rows would replace each other. */
  async #lookForNamesake(signal: AbortSignal): Promise<void> {
    if (!this.#hasTold) return
    const { connection, writer } = this.#parts
    const said = await readDocuments<string>(connection, instanceName, signal)
    const own = said.find((each) => each.writer === writer)
    if (own && own.value !== this.#instance) this.isNameTaken = true
  }
}

/** How all collectors stand, as each last said. */
export function readStatuses(
  connection: Connection,
): Promise<{ writer: string; value: ToldStatus }[]> {
  return readDocuments<ToldStatus>(connection, statusName)
}
