/** A store that the tests of the contract share, and what they write to it and read from it. */
import assert from 'node:assert/strict'

import type { Tier } from '../../../flow/interval.ts'
import { fieldNames } from '../../../store/measurement.ts'
import type { SeriesRead, SeriesStore, StepRows } from '../../../store/series.ts'
import { coverageOf, dayMs, plain, stepOf, tiers, type Row } from '../series-rows.ts'

export interface SeriesUnderTest {
  store: SeriesStore
  /** Closes the store, reopens it as after a restart, and returns it. */
  reopen(): Promise<SeriesStore>
  remove(): Promise<void>
}

/** Every test has its own days, so that they can share one store. */
export class SharedSeries {
  readonly #open: () => Promise<SeriesUnderTest>
  #held: SeriesUnderTest | null = null
  #store: SeriesStore | null = null
  #day: number

  constructor(open: () => Promise<SeriesUnderTest>, origin: number) {
    this.#open = open
    this.#day = origin - 40 * dayMs
  }

  async open(): Promise<void> {
    this.#held = await this.#open()
    this.#store = this.#held.store
  }

  get store(): SeriesStore {
    return this.#store!
  }

  nextDay(): number {
    return (this.#day += 2 * dayMs)
  }

  async reopen(): Promise<SeriesStore> {
    return (this.#store = await this.#held!.reopen())
  }

  async close(): Promise<void> {
    await this.#store!.close()
    await this.#held!.remove()
  }
}

export const fine = tiers['5m']
export const [a, b] = ['192.0.2.1', '192.0.2.2']

/** A step with at least one row in every measurement. */
export function fullStep(time: number, exporter: string, isCoarse: boolean): StepRows {
  const figures = (seed: number): Row => {
    const row: Row = { bytes: seed * 1000, packets: seed, flows: seed + 1, active: seed * 77 }
    if (!isCoarse) return row
    for (const field of fieldNames) {
      row[`${field}_max`] = row[field]! - 1
      row[`${field}_unknown`] = 1
    }
    return { ...row, known: seed }
  }
  const coverage = coverageOf(time, exporter, { datagrams: 3 })
  return stepOf(coverage, {
    total: ['in', 'out', 'internal', 'transit'].map((direction, i) => ({
      direction,
      ...figures(i + 2),
    })),
    interface: [{ interface: '3', direction: 'in', ...figures(2) }],
    host: [
      { host: '10.0.0.22', direction: 'in', ...figures(5) },
      { host: '2001:db8::1', direction: 'out', ...figures(6) },
    ],
    port: [{ protocol: 'tcp', port: '443', direction: 'in', ...figures(7) }],
    protocol: [{ protocol: 'tcp', direction: 'in', ...figures(8) }],
    host_port: [
      { host: '10.0.0.22', protocol: 'tcp', port: 'ephemeral', direction: 'in', ...figures(9) },
    ],
  })
}

export async function stepsOf(
  store: SeriesStore,
  tier: Tier,
  [from, to]: readonly [number, number],
  exporter: string,
): Promise<unknown[]> {
  const steps: StepRows[] = []
  for await (const step of store.steps({ tier, from, to, exporter })) steps.push(step)
  return plain(steps)
}

/** The rows of an answer with their bytes, by time, exporter and key. */
export function readBack(
  read: SeriesRead,
): [
  number,
  string,
  number,
  { sum: number; max: number; unknown: number; known: number; parts: number },
][] {
  assert.deepEqual(
    [...read.time],
    [...read.time].sort((x, y) => x - y),
    'times ascend',
  )
  const rows = Array.from({ length: read.count }, (_, i) => i)
  const exporterOf = (i: number) => read.exporters[read.exporter[i]!]!
  rows.sort(
    (x, y) =>
      read.time[x]! - read.time[y]! ||
      exporterOf(x).localeCompare(exporterOf(y)) ||
      read.key[x]! - read.key[y]!,
  )
  return rows.map((i) => [
    read.time[i]!,
    exporterOf(i),
    read.key[i]!,
    {
      sum: read.sum.bytes[i]!,
      max: read.max.bytes[i]!,
      unknown: read.unknown.bytes[i]!,
      known: read.known[i]!,
      parts: read.parts[i]!,
    },
  ])
}
