/**
 * Steps as InfluxDB takes them. If a step was sent before, rows that no longer exist are written as
 * zeros, and its coverage comes last: readers ignore the step until then.
 */
import type { LoadedStep, LineBatch, SpooledStore } from '../spool/sender.ts'
import { isSame, type SpoolEntry } from '../spool/entry.ts'
import type { Spool } from '../spool/spool.ts'
import type { Tier } from '../../flow/interval.ts'
import { bucketOf } from './buckets.ts'
import { checkVersion } from './connection.ts'
import { faultOf } from './fault.ts'
import { coverageLine, retiredLine, rowLines } from './lines.ts'
import type { InfluxSource } from './rows.ts'
import { storedHeads } from './stored-heads.ts'

/** InfluxDB's own recommendation for the size of a request. */
const linesMax = 5000
/** Concurrent requests. */
export const requestsMax = 2

/** InfluxDB behind a spool; `tiers` starts with the 5-minute one. */
export function influxBehind(
  spool: Spool,
  source: InfluxSource,
  tiers: readonly Tier[],
): SpooledStore {
  const { connection, org, prefix } = source
  return {
    kind: 'influx',
    url: connection.url,
    linesMax,
    requestsMax,
    faultOf,
    ready: async () => checkVersion(await connection.version()),
    figures: () => ({ inFlight: connection.inFlight, ...connection.requests }),
    async post(bucket, lines, signal) {
      const query = new URLSearchParams({ org, bucket, precision: 's' }).toString()
      await connection.request(`/api/v2/write?${query}`, {
        method: 'POST',
        body: lines.join('\n'),
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        isCompressible: true,
        signal,
      })
    },
    async batches(loaded) {
      const { tier } = loaded[0]!.entry
      const earlier = await headsBefore(spool, source, loaded)
      return linesOf(loaded, {
        bucket: bucketOf(prefix, { name: tier }),
        earlier,
        isCoarse: tier !== tiers[0]!.name,
      })
    },
  }
}

function linesOf(
  loaded: readonly LoadedStep[],
  facts: { bucket: string; earlier: Map<SpoolEntry, Set<string>>; isCoarse: boolean },
): LineBatch[] {
  const lines: string[] = []
  const covered: string[] = []
  for (const { entry, step } of loaded) {
    const retired = facts.earlier.get(entry)!
    for (const { head, line } of rowLines(step)) {
      lines.push(line)
      retired.delete(head)
    }
    for (const head of retired) lines.push(retiredLine(head, entry.time, facts.isCoarse))
    covered.push(coverageLine(step.coverage))
  }
  return [lines, covered].map((each) => ({ target: facts.bucket, lines: each }))
}

/** The rows of these steps that InfluxDB may have: as the spool remembers, or as InfluxDB reports. */
async function headsBefore(
  spool: Spool,
  source: InfluxSource,
  loaded: readonly LoadedStep[],
): Promise<Map<SpoolEntry, Set<string>>> {
  const heads = new Map<SpoolEntry, Set<string>>()
  const unknown: SpoolEntry[] = []
  for (const { entry } of loaded) {
    const remembered = await rememberedHeads(spool, entry)
    heads.set(entry, remembered.heads)
    if (!remembered.isKnown) unknown.push(entry)
  }
  const found = await storedHeads(source, unknown)
  for (const [entry, stored] of found) for (const head of stored) heads.get(entry)!.add(head)
  return heads
}

/** The rows of a step's earlier versions in the spool, and whether these are all that InfluxDB may have. */
async function rememberedHeads(
  spool: Spool,
  entry: SpoolEntry,
): Promise<{ heads: Set<string>; isKnown: boolean }> {
  const heads = new Set<string>()
  let { isKnown } = entry
  for (const place of entry.stored) {
    if (isSame(place, entry.now)) continue
    const version = await spool.load(place)
    if (version) for (const { head } of rowLines(version)) heads.add(head)
    else isKnown = false
  }
  return { heads, isKnown }
}
