/** The flows in ClickHouse, as queried by the API. */
import type { NetworkSet } from '../../flow/address.ts'
import type { EventFlows } from '../../flow/incident/flows/flow-table.ts'
import type { ExporterBreak } from '../../flow/incident/incident.ts'
import type { ClickHouseSettings } from '../../flow/settings/clickhouse-specs.ts'
import { emptySeries } from '../archive/answer/series-answer.ts'
import {
  listedAddresses,
  listedNumbers,
  listOrders,
  listTies,
  recordsOf,
} from '../archive/sql/list.ts'
import type { Tier } from '../../flow/interval.ts'
import type { FlowListQuery, FlowScan, FlowSeriesQuery, FlowStore, FlowTopQuery } from '../flows.ts'
import { Pulse } from '../remote/pulse.ts'
import { checkPassword, Connection } from './connection.ts'
import { readDocuments } from './documents.ts'
import { scanEventFlows } from './event-flows.ts'
import { askFlows, flowsFrom, flowTables } from './flow-scan.ts'
import { readMissing, sayMissing } from './shipped.ts'
import { flowSeries } from './series-flows.ts'
import { topFlows } from './top-flows.ts'
import { ClickHouseBindings, clickHouseWords } from './words.ts'

/** ClickHouse itself stops a query earlier. */
const queryMsMax = 60_000
const dayMs = 86_400_000

interface ClickHouseFlowsOptions {
  settings: ClickHouseSettings
  /** The networks that determine `direction`. */
  local: NetworkSet
  /** Retention of flows. */
  keepMs: number
  /** The 5-minute tier. */
  tier: Tier
  now?: () => number
}

/** Opens the flows for a reading process. @throws SettingsError if the password cannot be read */
export async function openClickHouseFlows(options: ClickHouseFlowsOptions): Promise<FlowStore> {
  await checkPassword(options.settings)
  const connection = new Connection({
    settings: options.settings,
    timeoutMs: queryMsMax,
    pulse: new Pulse(),
  })
  return new ClickHouseFlows(connection, options)
}

class ClickHouseFlows implements FlowStore {
  readonly #connection: Connection
  readonly #local: NetworkSet
  readonly #keepMs: number
  readonly #tier: Tier
  readonly #now: () => number

  constructor(connection: Connection, options: ClickHouseFlowsOptions) {
    this.#connection = connection
    this.#local = options.local
    this.#keepMs = options.keepMs
    this.#tier = options.tier
    this.#now = options.now ?? Date.now
  }

  async series(query: FlowSeriesQuery) {
    if (query.from >= query.to) return emptySeries(query)
    return flowSeries(this.#connection, { ...query, local: this.#local.networks })
  }

  top(query: FlowTopQuery) {
    return topFlows(this.#connection, { ...query, local: this.#local.networks })
  }

  async list(query: FlowListQuery) {
    const bindings = new ClickHouseBindings()
    const numbers = listedNumbers(
      clickHouseWords,
      'toUnixTimestamp64Milli("collectionTimeMilliseconds")',
    )
    const columns = [
      ...Object.entries(numbers).map(([name, sql]) => `toFloat64(${sql}) AS "${name}"`),
      ...listedAddresses.flatMap((name) =>
        ['High', 'Low'].map((half) => `"${name}Address${half}" AS "${name}${half}"`),
      ),
    ]
    const from = flowsFrom(this.#connection, query, bindings)
    const answer = await askFlows(this.#connection, {
      sql: `SELECT ${columns.join(', ')} ${from}
        ORDER BY ${listOrders[query.order]}, ${listTies} LIMIT ${Math.floor(query.limit) + 1}`,
      values: bindings.values,
      signal: query.signal,
    })
    const flows = recordsOf(answer, Math.min(answer.count, query.limit))
    return { flows, more: answer.count > query.limit }
  }

  scan(query: FlowScan, start: () => (flows: EventFlows) => void) {
    return scanEventFlows(this.#connection, query, start())
  }

  async breaks() {
    const said = await readDocuments<ExporterBreak[]>(this.#connection, 'breaks')
    return said.flatMap(({ value }) => value).sort((a, b) => a.from - b.from)
  }

  /**
   * Retention may have deleted part of the oldest days: flows are complete from the oldest interval on.
   * The list of files has a partition for each month and is kept longer than the flows: what retention has
   * reached does not count.
   */
  async extent(from: number, to: number) {
    const bindings = new ClickHouseBindings()
    const [since, until] = [bindings.whole(from), bindings.whole(to)]
    const answer = await this.#connection.read({
      sql: `SELECT count() AS files, sumIf(rows, first_min < ${until} AND last_max >= ${since}) AS touching,
          min(first_min) AS first, max(last_max) AS last, toUnixTimestamp(min(interval)) AS oldest
        FROM ${this.#keptFiles(bindings)}`,
      values: bindings.values,
    })
    const one = (name: string) => answer.numbers(name)[0] ?? 0
    const rows = one('touching')
    if (one('files') === 0) return { rows, first: null, last: null }
    const oldest = one('oldest') * 1000
    const mayHaveExpired = oldest < this.#now() - this.#keepMs + dayMs
    return { rows, first: mayHaveExpired ? oldest : one('first'), last: one('last') }
  }

  /** A collector sends an interval's flows once it is over: later flows are not here yet. */
  unreadable(from: number, to: number) {
    return readMissing(this.#connection, { tier: this.#tier, from, to })
  }

  remarks(from: number, to: number) {
    return sayMissing(this.#connection, { from, to, now: this.#now() })
  }

  async health() {
    const bindings = new ClickHouseBindings()
    const answer = await this.#connection.read({
      sql: `SELECT sum(bytes) AS bytes FROM ${this.#keptFiles(bindings)}`,
      values: bindings.values,
    })
    return { bytes: answer.numbers('bytes')[0] ?? 0, problems: [] }
  }

  close() {
    return this.#connection.close()
  }

  /** The listed files whose flows retention has not reached. */
  #keptFiles(bindings: ClickHouseBindings): string {
    const reached = bindings.whole(this.#now() - this.#keepMs)
    const { files } = flowTables(this.#connection)
    return `${files} FINAL WHERE is_live = 1 AND toUnixTimestamp(interval) * 1000 > ${reached}`
  }
}
