/** Compares the archive's files with those in ClickHouse: number of flows, sums of bytes and packets. */
import { createHash } from 'node:crypto'

import type { ArchiveEntry } from '../archive/entry.ts'
import type { Answer, Connection } from './connection.ts'
import { flowTables } from './flow-scan.ts'

const dayMs = 86_400_000

/** What is compared of a file's flows; sums are scaled by sampling. */
export type Counted = Pick<ArchiveEntry, 'rows' | 'octets' | 'packets'>

/** The result of comparing an archive's files with ClickHouse. */
export interface FilesCompared {
  /** Files that are the same in both, and their flows. */
  files: number
  rows: number
  octets: number
  packets: number
  /** Files that differ in ClickHouse. */
  differing: { entry: ArchiveEntry; found: Counted }[]
  /** Listed files of this collector in ClickHouse, of the archive's time, that the archive does not have. */
  strays: string[]
}

/** The columns for `countedOf`: sums in 128 bits, like the archive's own. */
export const countedSql = `count() AS rows,
  sum(toInt128(octetDeltaCount) * samplingInterval) AS octets,
  sum(toInt128(packetDeltaCount) * samplingInterval) AS packets`

/** A row of an answer with `countedSql`. */
export function countedOf(answer: Answer, row: number): Counted {
  const figure = (name: string) => Number(answer.wholes(name)[row] ?? 0)
  return { rows: figure('rows'), octets: figure('octets'), packets: figure('packets') }
}

export function isSameCount(a: Counted, b: Counted): boolean {
  return a.rows === b.rows && a.octets === b.octets && a.packets === b.packets
}

/** A file's number in ClickHouse, as text: the same every time it is sent. */
export function idOf(writer: string, file: string): string {
  const digest = createHash('sha256').update(`${writer} ${file}`).digest()
  return digest.readBigUInt64BE(0).toString()
}

/** Compares the archive's files with those in ClickHouse, as queries see them, day by day. @throws ClickHouseFault */
export async function compareFiles(
  connection: Connection,
  { writer, entries }: { writer: string; entries: readonly ArchiveEntry[] },
): Promise<FilesCompared> {
  const compared: FilesCompared = {
    files: 0,
    rows: 0,
    octets: 0,
    packets: 0,
    differing: [],
    strays: [],
  }
  const [first, end] = entries.reduce(
    ([least, most], { interval, receivedTo }) => [
      Math.min(least, interval),
      Math.max(most, receivedTo),
    ],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  )
  const days = Map.groupBy(entries, ({ interval }) => interval - (interval % dayMs))
  for (const day of [...days.keys()].sort((a, b) => a - b)) {
    const found = await countDay(connection, { writer, day })
    for (const entry of days.get(day)!) {
      const id = idOf(writer, entry.file)
      const { counted } = found.get(id) ?? { counted: { rows: 0, octets: 0, packets: 0 } }
      found.delete(id)
      if (isSameCount(counted, entry)) {
        compared.files++
        for (const name of ['rows', 'octets', 'packets'] as const) compared[name] += entry[name]
      } else compared.differing.push({ entry, found: counted })
    }
    for (const { name, interval } of found.values())
      if (interval >= first && interval <= end) compared.strays.push(name)
  }
  return compared
}

/** The contents of a day's listed files, by number. */
async function countDay(
  connection: Connection,
  { writer, day }: { writer: string; day: number },
): Promise<Map<string, { name: string; interval: number; counted: Counted }>> {
  const { flows, files, localFiles } = flowTables(connection)
  const time = `interval >= toDateTime({from:UInt32}, 'UTC') AND interval < toDateTime({to:UInt32}, 'UTC')
    AND writer = {writer:String}`
  const values = { from: day / 1000, to: (day + dayMs) / 1000, writer }
  const [listed, counted] = await Promise.all([
    connection.read({
      sql: `SELECT toString(file) AS id, name, toUnixTimestamp(interval) AS at
        FROM ${files} FINAL WHERE is_live = 1 AND ${time}`,
      values,
    }),
    connection.read({
      sql: `SELECT toString(file) AS id, ${countedSql} FROM ${flows} WHERE ${time}
        AND (interval, file) IN (SELECT interval, file FROM ${localFiles} FINAL WHERE is_live = 1)
        GROUP BY file`,
      values,
    }),
  ])
  const rows = new Map(counted.texts('id').map((id, row) => [id, row]))
  const names = listed.texts('name')
  const at = listed.numbers('at')
  const nothing = { rows: 0, octets: 0, packets: 0 }
  return new Map(
    listed.texts('id').map((id, i) => {
      const row = rows.get(id)
      return [
        id,
        {
          name: names[i]!,
          interval: at[i]! * 1000,
          counted: row === undefined ? nothing : countedOf(counted, row),
        },
      ]
    }),
  )
}
