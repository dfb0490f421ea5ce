/**
 * An archive of synthetic flows, written directly as the archive's files with their manifest:
 * DuckDB generates the rows of an interval; then the archive sorts and bundles them as it normally
 * would.
 *
 * Hosts and peers by Zipf's law (10,000 local, 200,000 remote), most traffic on a few services, day
 * and night; most flows last some seconds, a few some minutes and reach into earlier intervals. Two
 * thirds of the columns are 0, as with a v5 exporter.
 *
 *     node test/bench/archive-data.ts FOLDER FLOWS DAYS [DAYS-BEFORE-THE-END]
 */
import { mkdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'

import { intervalMs } from '../../flow/interval.ts'
import { Archive } from '../../store/archive/archive.ts'
import { archiveColumns } from '../../store/archive/columns.ts'
import { fileName, manifestName, type ArchiveEntry } from '../../store/archive/entry.ts'
import { Manifest } from '../../store/manifest/manifest.ts'
import { summarySql } from '../store/archive/duckdb.ts'

const dayMs = 86_400_000
/** Entries committed in one transaction. */
const batch = 500

interface Made {
  /** [from, to) of the receipt of all flows, unix ms. */
  from: number
  to: number
  flows: number
  files: number
  bytes: number
  ms: number
}

/** The end of the synthetic time: a Monday. */
export const madeUntil = Date.UTC(2026, 10, 16)

/** Local hosts 10.0.0.0 to 10.0.39.15, remote ones from 203.0.0.0 and, one in twenty, from 2001:db8::. */
const localLow = `(281470681743360 + 167772160 + floor(10000 ** random())::BIGINT - 1)`
const remoteNumber = 'floor(200000 ** random())::BIGINT'
const ipv4Low = (number: string) => `(281470681743360 + 3405774848 + ${number})`

/** One flow: its ends, duration and size. `r…` are random numbers of the row. */
const rowsSql = `
  SELECT *, is_out_number < 0.45 AS is_out, remote_number % 20 = 0 AS is_ipv6 FROM (
    SELECT random() AS is_out_number, ${localLow} AS local_low, ${remoteNumber} AS remote_number,
      [443, 443, 443, 80, 53, 53, 22, 993, 8080, 123][1 + floor(10 ** random())::INTEGER - 1] AS service,
      32768 + floor(random() * 28000)::INTEGER AS ephemeral,
      ceil(random() ** -0.9)::BIGINT AS packets, 40 + floor(random() * 1400)::INTEGER AS size,
      CASE WHEN random() < 0.02 THEN floor(random() * 300000) ELSE floor(3000 * (random() ** 2)) END::BIGINT AS lasted,
      floor(random() * ${intervalMs})::BIGINT AS received
    FROM range($rows))`

const remoteHigh = 'CASE WHEN is_ipv6 THEN 2306139568115548160 ELSE 0 END'
const remoteLow = `CASE WHEN is_ipv6 THEN remote_number ELSE ${ipv4Low('remote_number')} END`
const values: Record<string, string> = {
  collectionTimeMilliseconds: 'make_timestamp_ms($start + received)',
  flowStartMilliseconds: 'make_timestamp_ms($start + received - lasted - received % 15000)',
  flowDurationMilliseconds: 'lasted',
  exporterAddressLow: ipv4Low('1'),
  sourceAddressHigh: `CASE WHEN is_out THEN 0 ELSE ${remoteHigh} END`,
  sourceAddressLow: `CASE WHEN is_out THEN local_low ELSE ${remoteLow} END`,
  destinationAddressHigh: `CASE WHEN is_out THEN ${remoteHigh} ELSE 0 END`,
  destinationAddressLow: `CASE WHEN is_out THEN ${remoteLow} ELSE local_low END`,
  sourceTransportPort: 'CASE WHEN is_out THEN ephemeral ELSE service END',
  destinationTransportPort: 'CASE WHEN is_out THEN service ELSE ephemeral END',
  protocolIdentifier: 'CASE WHEN service IN (53, 123) THEN 17 ELSE 6 END',
  octetDeltaCount: 'packets * size',
  packetDeltaCount: 'packets',
  samplingInterval: '1',
  ingressInterface: 'CASE WHEN is_out THEN 2 ELSE 1 END',
  egressInterface: 'CASE WHEN is_out THEN 1 ELSE 2 END',
  tcpControlBits: 'CASE WHEN service IN (53, 123) THEN 0 WHEN size % 10 = 0 THEN 2 ELSE 27 END',
}
const rowSql = archiveColumns
  .map(({ name, type }) => `(${values[name] ?? '0'})::${type} AS "${name}"`)
  .join(', ')

/**
 * Share of the flows in an interval: three times as many at two in the afternoon as at two at
 * night.
 */
function share(interval: number): number {
  return 1 - 0.5 * Math.cos(((interval % dayMs) / dayMs - 2 / 24) * 2 * Math.PI)
}

/**
 * Generates `flows` flows over the `days` before `until` and adds them to the archive in `folder`.
 */
export async function makeArchive(
  folder: string,
  { flows, days, until = madeUntil }: { flows: number; days: number; until?: number },
): Promise<Made> {
  const started = performance.now()
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '1GiB' })
  const connection = await instance.connect()
  const manifest = await Manifest.open<ArchiveEntry>(join(folder, manifestName))
  const from = until - days * dayMs
  const each = flows / ((days * dayMs) / intervalMs)
  let entries: ArchiveEntry[] = []
  const made: Made = { from, to: until, flows: 0, files: 0, bytes: 0, ms: 0 }
  for (let interval = from; interval < until; interval += intervalMs) {
    const rows = Math.round(each * share(interval))
    const sql = `SELECT ${rowSql} FROM (${rowsSql})`
    const entry = await makeFile(connection, folder, {
      interval,
      sql: sql.replaceAll('$start', String(interval)).replaceAll('$rows', String(rows)),
    })
    made.flows += entry.rows
    made.bytes += entry.bytes
    made.files++
    entries.push(entry)
    if (entries.length < batch && interval + intervalMs < until) continue
    await manifest.commit({ add: entries })
    entries = []
  }
  await manifest.close()
  connection.closeSync()
  instance.closeSync()
  return { ...made, ...(await bundleAll(folder, until)), ms: performance.now() - started }
}

/**
 * Sorts and bundles an archive's files as far as the archive ever does; replaced files are deleted
 * at once.
 */
export async function bundleAll(
  folder: string,
  until: number,
): Promise<Pick<Made, 'files' | 'bytes'>> {
  const archive = await Archive.open(folder)
  try {
    await archive.merge(until)
    while (await archive.bundle(until + dayMs)) continue
    const unlimited = { keepMs: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY }
    await archive.expire({ ...unlimited, now: Date.now() + dayMs })
    const entries = archive.entries()
    return { files: entries.length, bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0) }
  } finally {
    await archive.close()
  }
}

/** Writes the rows of a statement, which has the archive's columns, as a file of an interval still to be sorted. */
export async function makeFile(
  connection: DuckDBConnection,
  folder: string,
  { interval, sql }: { interval: number; sql: string },
): Promise<ArchiveEntry> {
  const file = fileName(interval, '-made')
  const path = join(folder, file)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await connection.run(`CREATE OR REPLACE TEMP TABLE made AS ${sql}`)
  await connection.run(
    `COPY made TO '${path}' (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION V2)`,
  )
  const reader = await connection.runAndReadAll(`SELECT ${summarySql} FROM made`)
  const [summary] = reader.getRowObjects()
  const numbers = Object.entries(summary!).map(([name, value]) => [name, Number(value)])
  const { size } = await stat(path)
  return {
    file,
    interval,
    bytes: size,
    isChunk: true,
    ...Object.fromEntries(numbers),
  } as ArchiveEntry
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [folder = '', flows, days, daysBefore = '0'] = process.argv.slice(2)
  const until = madeUntil - Number(daysBefore) * dayMs
  console.log(
    await makeArchive(join(folder, 'archive'), { flows: Number(flows), days: Number(days), until }),
  )
}
