/**
 * Fills an InfluxDB with series as a collector would have left them after months: the same points,
 * but a key's whole tier at a time, which is several times as fast as step by step. The result is
 * the same.
 */
import assert from 'node:assert/strict'

import { intervalMs, type Tier } from '../../flow/interval.ts'
import { bucketOf } from '../../store/influx/buckets.ts'
import { coverageLine, headOf } from '../../store/influx/lines.ts'
import { fieldNames, figureNames } from '../../store/measurement.ts'
import { isConsolidated } from '../../store/shape.ts'
import type { RunningInfluxd } from '../influxd.ts'
import { dayMs } from '../store/series-rows.ts'

interface InfluxData {
  tier: Tier
  /** End of the newest step, unix ms. */
  end: number
  days: number
  hosts: number
}

const exporter = '192.0.2.1'
const bytesPerRequest = 4 << 20
const requestsAtATime = 2
const triesMax = 5

/** Writes a tier straight to InfluxDB; returns the number of points. */
export async function fillInflux(influxd: RunningInfluxd, data: InfluxData): Promise<number> {
  const { tier, end, days } = data
  const times: number[] = []
  for (let time = end - days * dayMs; time < end; time += tier.stepMs) times.push(time)
  const writer = await Writer.open(influxd, tier)
  const totals = times.map(() => fieldNames.map(() => 0))
  for (const line of hostLines(data, times, totals)) await writer.add(line)
  const totalHead = headOf('total', (tag) => (tag === 'direction' ? 'in' : exporter))
  for (const [at, time] of times.entries()) {
    await writer.add(lineOf(totalHead, { tier, time, sums: totals[at]! }))
    await writer.add(coverageLine(coverageOf(tier, time)))
  }
  return writer.end()
}

/** The lines of every host and direction: what one sends, the next one receives. Adds up received traffic. */
function* hostLines(
  { tier, hosts }: InfluxData,
  times: readonly number[],
  totals: number[][],
): Generator<string> {
  for (const direction of ['in', 'out'])
    for (let host = 0; host < hosts; host++) {
      const tags: Record<string, string> = { direction, exporter, host: addressOf(host) }
      const head = headOf('host', (tag) => tags[tag]!)
      const rank = direction === 'in' ? host : (host + 1) % hosts
      for (const [at, time] of times.entries()) {
        const sums = sumsOf(tier, time, rank)
        if (direction === 'in') for (const n of sums.keys()) totals[at]![n]! += sums[n]!
        yield lineOf(head, { tier, time, sums })
      }
    }
}

/** The address of a host by its rank: the first has most traffic. */
export function addressOf(host: number): string {
  return `10.0.${host >> 8}.${host & 255}`
}

/** Zipf's law over hosts, each with a rhythm of its own. */
function sumsOf(tier: Tier, time: number, rank: number): number[] {
  const scale = (1e7 / (rank + 1)) * (2 + Math.sin(time / 1e7 + rank)) * (tier.stepMs / intervalMs)
  return fieldNames.map((_, n) => 1 + Math.floor(scale / 10 ** n))
}

const fields = { fine: figureNames(false), coarse: figureNames(true) }

function lineOf(
  head: string,
  { tier, time, sums }: { tier: Tier; time: number; sums: readonly number[] },
): string {
  const intervals = tier.stepMs / intervalMs
  const isCoarse = isConsolidated(tier)
  const most = sums.map((sum) => Math.ceil((2 * sum) / intervals))
  const values = isCoarse ? [...sums, ...most, ...sums.map(() => 0), intervals] : sums
  const names = isCoarse ? fields.coarse : fields.fine
  let text = ''
  for (const [i, name] of names.entries()) text += `,${name}=${values[i]!}i`
  return `${head} ${text.slice(1)} ${time / 1000}`
}

function coverageOf(tier: Tier, time: number): Parameters<typeof coverageLine>[0] {
  const lost = { lostFlows: 0, lostFlowsEstimated: false }
  return { time, exporter, known: tier.stepMs / intervalMs, unknown: {}, datagrams: 1, ...lost }
}

/** Sends lines, two requests at a time. */
class Writer {
  readonly #url: string
  readonly #headers: Record<string, string>
  #waiting: Promise<void>[] = []
  #lines: string[] = []
  #bytes = 0
  #points = 0

  private constructor(url: string, token: string) {
    this.#url = url
    this.#headers = { authorization: `Token ${token}` }
  }

  static async open(influxd: RunningInfluxd, tier: Tier): Promise<Writer> {
    const query = `org=weir&bucket=${bucketOf('weir', tier)}&precision=s`
    return new Writer(`${influxd.url}/api/v2/write?${query}`, await influxd.adminToken())
  }

  async add(line: string): Promise<void> {
    this.#lines.push(line)
    this.#points++
    if ((this.#bytes += line.length + 1) >= bytesPerRequest) await this.#flush()
  }

  async end(): Promise<number> {
    await this.#flush()
    await Promise.all(this.#waiting)
    return this.#points
  }

  async #flush(): Promise<void> {
    const body = this.#lines.join('\n')
    this.#lines = []
    this.#bytes = 0
    this.#waiting.push(this.#post(body))
    if (this.#waiting.length >= requestsAtATime) await this.#waiting.shift()
  }

  /** On a busy machine InfluxDB answers 500 now and then. */
  async #post(body: string): Promise<void> {
    for (let tries = 0; ; tries++) {
      const answer = await fetch(this.#url, { method: 'POST', headers: this.#headers, body })
      if (answer.status === 204) return
      assert.ok(answer.status >= 500 && tries < triesMax, await answer.text())
    }
  }
}
