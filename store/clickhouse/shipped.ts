/** How far the collectors' flows have reached ClickHouse, by their own reports, and which are missing. */
import { intervalMs, intervalStart, type Tier } from '../../flow/interval.ts'
import { unreadableTime, type ArchiveEntry, type UnreadableFile } from '../archive/entry.ts'
import { coverageName } from '../coverage.ts'
import type { LeftOut } from '../flows.ts'
import { firstFew } from '../remarks.ts'
import type { Connection } from './connection.ts'
import { readDocuments } from './documents.ts'
import { dateTimeOf, tableOf } from './rows.ts'

/** Files named one by one as missing; with more, the oldest count as one time with all between them. */
const missingMax = 200

/**
 * What waits for its interval to end, and to be sent, is no more than this; less than a share of a
 * window is not said.
 */
const [usualMs, shareMin] = [2 * intervalMs, 0.02]

/** A time of receipt: whole intervals, unix ms. */
type MissingTime = Pick<LeftOut, 'from' | 'to' | 'reason'>

/** A collector's report. */
interface Shipped {
  /** Flows received before this (unix ms) are there, but for those of `missing`. */
  throughMs: number
  /** Absent in reports of an older build. */
  missing?: readonly MissingTime[]
}

/** The times of files as few ranges, oldest first: those of one reason that touch become one. */
function joinTimes(times: readonly MissingTime[]): MissingTime[] {
  const joined: MissingTime[] = []
  for (const each of [...times].sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1)
    if (last && last.reason === each.reason && last.to >= each.from)
      last.to = Math.max(last.to, each.to)
    else joined.push({ ...each })
  }
  const tooMany = joined.splice(0, Math.max(0, joined.length - missingMax))
  const [first] = joined
  if (first && tooMany.length > 0)
    joined[0] = { ...first, from: tooMany[0]!.from, to: Math.max(first.to, tooMany.at(-1)!.to) }
  return joined
}

/** The times that a report names as missing, the last one still open. */
function missingOf({ throughMs, missing = [] }: Shipped): MissingTime[] {
  return [...missing, { from: throughMs, to: Number.POSITIVE_INFINITY, reason: 'not-sent' }]
}

/**
 * What a collector reports, from its archive's files that are still to be sent, and those put aside
 * before they were.
 */
export function shippedOf({
  closedBeforeMs,
  waiting,
  failed,
  lost,
}: {
  closedBeforeMs: number
  /** Those that fail come after all others. */
  waiting: readonly ArchiveEntry[]
  failed: ReadonlySet<string>
  lost: readonly UnreadableFile[]
}): Shipped {
  let throughMs = Math.min(closedBeforeMs, 8.64e15)
  const missing: MissingTime[] = []
  for (const { file, interval, receivedTo } of waiting)
    if (failed.has(file))
      missing.push({
        from: interval,
        to: intervalStart(receivedTo) + intervalMs,
        reason: 'not-sent',
      })
    else throughMs = Math.min(throughMs, interval)
  for (const file of lost) {
    const time = unreadableTime(file)
    if (time) missing.push({ ...time, reason: 'unreadable' })
  }
  return { throughMs, missing: joinTimes(missing.filter(({ from }) => from < throughMs)) }
}

/** The reports of all collectors. */
function readShipped(connection: Connection): Promise<{ writer: string; value: Shipped }[]> {
  return readDocuments<Shipped>(connection, 'shipped')
}

/**
 * Which intervals of a window collectors received flows of that are not in ClickHouse. Whose they
 * are is known from the totals, which are sent earlier: a collector that was taken away received
 * nothing since, whatever its last report says.
 */
export async function readMissing(
  connection: Connection,
  { tier, from, to }: { tier: Tier; from: number; to: number },
): Promise<LeftOut[]> {
  const missing = new Map<string, MissingTime[]>()
  for (const { writer, value } of await readShipped(connection)) {
    const touching = missingOf(value).filter((time) => time.from < to && time.to > from)
    if (touching.length > 0) missing.set(writer, touching)
  }
  if (missing.size === 0) return []
  const first = Math.min(...[...missing.values()].flat().map((time) => time.from))
  const answer = await connection.read({
    sql: `SELECT writer, exporter, toUnixTimestamp(time) AS t FROM ${tableOf(connection, tier).whole}
      WHERE measurement = {coverage:String} AND datagrams > 0 AND writer IN {writers:Array(String)}
        AND time >= {from:DateTime} AND time < {to:DateTime}
      GROUP BY writer, exporter, time ORDER BY time`,
    values: {
      coverage: coverageName,
      writers: [...missing.keys()],
      from: dateTimeOf(Math.max(first, intervalStart(from))),
      to: dateTimeOf(to),
    },
  })
  const [writers, exporters] = [answer.texts('writer'), answer.texts('exporter')]
  const found = new Map<string, MissingTime[]>()
  for (const [row, seconds] of answer.numbers('t').entries()) {
    const at = seconds * 1000
    const time = missing.get(writers[row]!)!.find((each) => each.from <= at && each.to > at)
    if (!time) continue
    const times = found.get(exporters[row]!) ?? []
    found.set(exporters[row]!, times)
    times.push({ from: at, to: at + intervalMs, reason: time.reason })
  }
  return [...found].flatMap(([exporter, times]) =>
    joinTimes(times).map((time) => ({ ...time, exporter })),
  )
}

/**
 * A sentence for each time of a window of which a collector's flows are not in ClickHouse, if they
 * are few. That the last minutes of a day are not sent yet is said of each list of a day that ends
 * now, and so not worth saying.
 */
export async function sayMissing(
  connection: Connection,
  { from, to, now }: { from: number; to: number; now: number },
): Promise<string[]> {
  const end = Math.min(to, now)
  const isUsual = (since: number) => now - since <= usualMs && end - since < shareMin * (end - from)
  const said = (await readShipped(connection)).flatMap(({ writer, value }) =>
    missingOf(value)
      .filter((time) => time.from < end && time.to > from && end > from)
      .filter((time) => Number.isFinite(time.to) || !isUsual(time.from))
      .map((time) => `flows that collector ${writer} received ${sayMissingTime(time)}`),
  )
  return firstFew(said, 'other time')
}

function sayMissingTime({ from, to, reason }: MissingTime): string {
  const [start, end] = [from, to].map((ms) => Number.isFinite(ms) && new Date(ms).toISOString())
  const time = end === false ? `since ${start}` : `from ${start} to ${end}`
  return reason === 'not-sent'
    ? `${time} are not in ClickHouse yet`
    : `${time} are not in ClickHouse, because a file of them could not be read`
}

/** Whether the flows of all collectors received before a time (unix ms) are stored, or can be no more. */
export async function isShippedThrough(connection: Connection, ms: number): Promise<boolean> {
  const said = await readShipped(connection)
  return said.every(({ value }) =>
    missingOf(value).every(({ from, reason }) => from >= ms || reason === 'unreadable'),
  )
}
