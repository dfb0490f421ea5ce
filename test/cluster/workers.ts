/**
 * Two collectors on one ClickHouse cluster of 2 × 2 nodes, exporters that move between them, and
 * failures of a replica, a collector, or a whole shard. Every flow has its own number, to check in
 * the end that each is stored once, and that each missing one was counted.
 */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Settings } from '../../flow/settings/settings.ts'
import type { IngestStatus } from '../../flow/status.ts'
import { openSeriesReader } from '../../store/open-series.ts'
import { openFlows } from '../../store/open.ts'
import { RunningClickHouse } from '../clickhouse.ts'
import { NumberedExporter, octetsOf } from '../fault/numbered-exporter.ts'
import { RunningIngest, scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'
import { forEachFlow } from '../stored.ts'

type WorkerName = 'one' | 'two'

interface WorkersOptions {
  exporters: number
  /** Of all exporters together. */
  flowsPerSecond: number
}

interface Worker {
  data: string
  environment: Record<string, string>
  ingest: RunningIngest | null
  /** Where it listens, even while it is dead: its exporters do not know. */
  port: number
}

/** A cluster with its collectors and exporters. */
export class Workers {
  readonly nodes: RunningClickHouse
  readonly settings: Settings
  readonly #workers: Record<WorkerName, Worker>
  readonly exporters: { address: string; exporter: NumberedExporter; at: WorkerName }[] = []

  private constructor(
    nodes: RunningClickHouse,
    settings: Settings,
    workers: Record<WorkerName, Worker>,
  ) {
    this.nodes = nodes
    this.settings = settings
    this.#workers = workers
  }

  static async start({ exporters, flowsPerSecond }: WorkersOptions): Promise<Workers> {
    const nodes = await RunningClickHouse.start({ shards: 2, replicas: 2 })
    await nodes.setUp()
    const worker = async (name: WorkerName): Promise<Worker> => ({
      data: await scratchFolder(),
      environment: { ...nodes.environment(), WEIR_WRITER: name, WEIR_LOG: 'error' },
      ingest: null,
      port: 0,
    })
    const made = { one: await worker('one'), two: await worker('two') }
    const settings = readSettings({ ...nodes.environment(), WEIR_DATA: await scratchFolder() })
    const workers = new Workers(nodes, settings, made)
    for (const name of ['one', 'two'] as const) await workers.begin(name)
    for (let i = 0; i < exporters; i++) {
      const address = `127.0.1.${i + 1}`
      const place: (typeof workers.exporters)[number] = {
        address,
        at: i % 2 === 0 ? 'one' : 'two',
        exporter: null as unknown as NumberedExporter,
      }
      const port = () => made[place.at].port
      place.exporter = new NumberedExporter(port, flowsPerSecond / exporters, address)
      workers.exporters.push(place)
    }
    return workers
  }

  /** Starts a collector, on its previous port. */
  async begin(name: WorkerName): Promise<void> {
    const worker = this.#workers[name]
    const place = worker.port === 0 ? {} : { WEIR_NETFLOW: `127.0.0.1:${worker.port}` }
    worker.ingest = await RunningIngest.start(worker.data, { ...worker.environment, ...place })
    worker.port = worker.ingest.port
  }

  /** Kills a collector at once, like a crash. */
  async kill(name: WorkerName): Promise<void> {
    await this.#workers[name].ingest!.stop('SIGKILL')
    this.#workers[name].ingest = null
  }

  /** Redirects the exporters chosen by `which` to a collector. */
  move(to: WorkerName, which: (i: number) => boolean): void {
    for (const [i, place] of this.exporters.entries()) if (which(i)) place.at = to
  }

  status(name: WorkerName): Promise<IngestStatus> {
    return this.#workers[name].ingest!.status()
  }

  async endExporters(): Promise<void> {
    for (const { exporter } of this.exporters) await exporter.end()
    await sleep(500)
  }

  /** Waits until the losses counted by both collectors equal what is not stored, over all exporters. */
  async untilSettled(missing: () => Promise<number>, msMax: number): Promise<void> {
    const deadline = performance.now() + msMax
    for (;;) {
      const [lost, expected] = [await this.#lost(), await missing()]
      if (lost === expected) return
      if (performance.now() > deadline)
        assert.fail(`${lost} flows are counted as lost, and ${expected} are missing`)
      await sleep(1000)
    }
  }

  async #lost(): Promise<number> {
    const all = await Promise.all((['one', 'two'] as const).map((name) => this.status(name)))
    return all.flatMap(({ exporters }) => exporters).reduce((sum, { lost }) => sum + lost.flows, 0)
  }

  /** Restarts both, waits until what the shutdown had no time for is built, and stops them. */
  async makeRest(msMax: number): Promise<void> {
    for (const name of ['one', 'two'] as const) {
      await this.begin(name)
      await this.#workers[name].ingest!.until(
        ({ seriesWrittenAt, redo, store, shipping }) =>
          seriesWrittenAt !== null && redo + store!.spool.steps + shipping!.waiting === 0,
        msMax,
      )
    }
    await this.endWorkers()
  }

  /** Stops both cleanly; on a busy machine there may not be time for everything. */
  async endWorkers(): Promise<void> {
    for (const worker of Object.values(this.#workers)) {
      await worker.ingest!.stop()
      worker.ingest = null
    }
  }

  /** For each exporter, how often each of its flows is in the archives of both collectors. */
  async fates(): Promise<Map<string, Uint8Array>> {
    const found = new Map(
      this.exporters.map(({ address, exporter }) => [address, new Uint8Array(exporter.flows)]),
    )
    const low = new Map(
      this.exporters.map(({ address }, i) => [0x7f00_0100 + i + 1, found.get(address)!]),
    )
    for (const { data } of Object.values(this.#workers))
      await forEachFlow(data, (flows) => {
        for (let i = 0; i < flows.count; i++) {
          const times = low.get(flows.exporterAddressLow[2 * i]!)!
          const id = flows.packetDeltaCount[i]! - 1
          times[id]!++
          assert.equal(flows.octetDeltaCount[i], octetsOf(id))
        }
      })
    return found
  }

  /** Octets of an exporter's stored flows, derived from their numbers. */
  static octets(times: Uint8Array): number {
    let sum = 0
    for (const [id, count] of times.entries()) sum += count * octetsOf(id)
    return sum
  }

  /** Sums and losses of each exporter according to the series, at every tier. */
  async series(): Promise<
    Map<string, { tier: string; bytes: number; flows: number; lost: number }[]>
  > {
    const reader = await openSeriesReader(this.settings)
    const told = new Map<string, { tier: string; bytes: number; flows: number; lost: number }[]>()
    try {
      for (const { address } of this.exporters) {
        const tiers = []
        for (const tier of this.settings.tiers) {
          const range = { tier, from: 0, to: 4e12, exporters: [address] }
          const query = { ...range, measurement: 'total', by: [], keys: [] } as const
          const [rows, coverage] = [await reader.read(query), await reader.coverage(range)]
          tiers.push({
            tier: tier.name,
            bytes: rows.sum.bytes.reduce((sum, each) => sum + each, 0),
            flows: rows.sum.flows.reduce((sum, each) => sum + each, 0),
            lost: coverage.reduce((sum, { lostFlows }) => sum + lostFlows, 0),
          })
        }
        told.set(address, tiers)
      }
    } finally {
      await reader.close()
    }
    return told
  }

  /** Flows in ClickHouse by exporter: how many, with how many numbers, and their octets. */
  async flows(): Promise<Map<string, { count: number; octets: number }>> {
    const flows = await openFlows(this.settings)
    try {
      const window = { from: 0, to: 4e12, include: 'any' } as const
      const top = await flows.top({ ...window, by: ['exporter'], order: 'flows', limit: 100 })
      return new Map(
        top.rows.map(({ key, flows: count, bytes }) => [
          String(key['exporter']),
          { count, octets: bytes },
        ]),
      )
    } finally {
      await flows.close()
    }
  }

  async remove(): Promise<void> {
    for (const { ingest } of Object.values(this.#workers)) await ingest?.stop('SIGKILL')
    await this.nodes.remove()
    for (const { data } of [...Object.values(this.#workers), this.settings])
      await rm(data, { recursive: true, force: true })
  }
}

/** How many of an exporter's flows are missing, and how many numbers are stored more than once. */
export function countFates(times: Uint8Array): { missing: number; twice: number } {
  let missing = 0
  let twice = 0
  for (const count of times) {
    if (count === 0) missing++
    if (count > 1) twice++
  }
  return { missing, twice }
}
