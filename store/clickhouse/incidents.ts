/** Incidents in ClickHouse, shared by all collectors and APIs of a cluster. */
import type { Incident } from '../../flow/incident/incident.ts'
import type { SharedIncidents } from '../incident/ledger.ts'
import type { Connection } from './connection.ts'
import { incidentsTable } from './schema.ts'

export class ClickHouseIncidents implements SharedIncidents {
  readonly #connection: Connection
  #version = 0

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async between(from: number, to: number): Promise<Incident[]> {
    const { database } = this.#connection
    const answer = await this.#connection.read({
      sql: `SELECT value FROM ${database}.${incidentsTable} FINAL
        WHERE is_live = 1 AND from_ms < {to:Int64} AND to_ms > {from:Int64}
        ORDER BY from_ms DESC, exporter, id`,
      values: { from: Math.floor(from), to: Math.ceil(to) },
    })
    return answer.texts('value').map((value) => JSON.parse(value) as Incident)
  }

  async change(add: readonly Incident[], remove: readonly Incident[]): Promise<void> {
    if (add.length + remove.length === 0) return
    const { database } = this.#connection
    const version = (this.#version = Math.max(this.#version + 1, Date.now()))
    const line = (incident: Incident, isLive: number) =>
      JSON.stringify([
        incident.exporter,
        incident.id,
        incident.from,
        incident.to,
        JSON.stringify(incident),
        isLive,
        version,
      ])
    const lines = [...add.map((each) => line(each, 1)), ...remove.map((each) => line(each, 0))]
    await this.#connection.run({
      sql: `INSERT INTO ${database}.${incidentsTable} (exporter, id, from_ms, to_ms, value, is_live, version)
        FORMAT JSONCompactEachRow\n${lines.join('\n')}`,
      settings: { insert_deduplicate: 0, input_format_parallel_parsing: 0 },
    })
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}
