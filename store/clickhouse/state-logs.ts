/** The audit log and alert history in ClickHouse, shared by all APIs. */
import { cutEntry, type StateLog } from '../state/log.ts'
import type { Connection } from './connection.ts'
import { logsTable } from './state-spec.ts'

export class ClickHouseLogs {
  readonly #connection: Connection
  readonly #now: () => number

  constructor(connection: Connection, now: () => number) {
    this.#connection = connection
    this.#now = now
  }

  /** Appends one entry. @throws ClickHouseFault */
  async append(log: StateLog, entry: object): Promise<void> {
    const seconds = (this.#now() / 1000).toFixed(3)
    const line = JSON.stringify([log, seconds, cutEntry(entry)])
    await this.#connection.run({
      sql: `INSERT INTO ${this.#connection.database}.${logsTable} (log, at, entry) FORMAT JSONCompactEachRow\n${line}`,
      settings: { insert_deduplicate: 0, input_format_parallel_parsing: 0 },
    })
  }

  /** The newest entries, newest first. @throws ClickHouseFault */
  async read<Entry>(log: StateLog, limit: number): Promise<Entry[]> {
    const answer = await this.#connection.read({
      sql: `SELECT entry FROM ${this.#connection.database}.${logsTable}
        WHERE log = {log:String} ORDER BY at DESC LIMIT {limit:UInt32}`,
      values: { log, limit },
    })
    return answer.texts('entry').map((entry) => JSON.parse(entry) as Entry)
  }
}
