/**
 * The Monday outage in a network of many thousand flows per second: the flows of the bundled
 * capture, as stored in the archive, among those of ten thousand other hosts, whose new connections
 * also stop for the time of the cut.
 *
 *     node test/scenarios/busy-morning.ts FOLDER FLOWS-A-SECOND
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { DuckDBInstance } from '@duckdb/node-api'

import { intervalMs } from '../../flow/interval.ts'
import { importCaptures } from '../../ingest/import/import.ts'
import { archiveColumns } from '../../store/archive/columns.ts'
import { manifestName, type ArchiveEntry } from '../../store/archive/entry.ts'
import { Manifest } from '../../store/manifest/manifest.ts'
import { makeFile } from '../bench/archive-data.ts'
import { readSettings } from '../settings.ts'

const capture = 'test/captures/monday-outage.v9.pcap.gz'
/** The time generated: from 11:10 to 11:50. */
const made = { from: Date.UTC(2026, 10, 16, 11, 10), to: Date.UTC(2026, 10, 16, 11, 50) }
/** The cut, as the capture's truth has it. */
const cut = { from: 1_794_828_730_000, to: 1_794_828_993_000 }

const four = (number: string) => `(281470681743360 + ${number})`
/** 10.1.0.0 and on, by Zipf's law; 203.0.0.0 and on. */
const local = four('167837696 + floor(10000 ** random())::BIGINT - 1')
const remote = four('3405774848 + floor(200000 ** random())::BIGINT')
const values: Record<string, string> = {
  collectionTimeMilliseconds: 'make_timestamp_ms($start + received)',
  flowStartMilliseconds: 'make_timestamp_ms(begun)',
  flowDurationMilliseconds: 'lasted',
  exporterAddressLow: four('167772161'),
  sourceAddressLow: 'CASE WHEN is_out THEN local_low ELSE remote_low END',
  destinationAddressLow: 'CASE WHEN is_out THEN remote_low ELSE local_low END',
  sourceTransportPort: 'CASE WHEN is_out THEN ephemeral ELSE 443 END',
  destinationTransportPort: 'CASE WHEN is_out THEN 443 ELSE ephemeral END',
  protocolIdentifier: '6',
  octetDeltaCount: 'packets * size',
  packetDeltaCount: 'packets',
  samplingInterval: '1',
  tcpControlBits: '27',
}
const columnsSql = archiveColumns
  .map(({ name, type }) => `(${values[name] ?? '0'})::${type} AS "${name}"`)
  .join(', ')
const othersSql = `
  SELECT ${columnsSql} FROM (
    SELECT *, $start + received - lasted - 15000 AS begun FROM (
      SELECT random() < 0.5 AS is_out, ${local} AS local_low, ${remote} AS remote_low,
        32768 + floor(random() * 28000)::INTEGER AS ephemeral,
        1 + floor(random() * 3)::BIGINT AS packets, 40 + floor(random() * 200)::INTEGER AS size,
        floor(4000 * random() ** 2)::BIGINT AS lasted, floor(random() * ${intervalMs})::BIGINT AS received
      FROM range($rows)))
  WHERE begun NOT BETWEEN ${cut.from} AND ${cut.to} OR random() < 0.01`

/**
 * Generates the data folder's archive; its series and incidents must be built afterwards (`weir
 * rebuild`).
 */
async function makeBusyMorning(data: string, flowsPerSecond: number): Promise<void> {
  const settings = readSettings({ WEIR_DATA: `${data}-story` })
  await importCaptures([capture], { settings, shiftMs: 0, onProgress: () => undefined })
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '3GiB' })
  const connection = await instance.connect()
  const folder = join(data, 'archive')
  const manifest = await Manifest.open<ArchiveEntry>(join(folder, manifestName))
  const names = archiveColumns.map(({ name }) => `"${name}"`).join(', ')
  for (let interval = made.from; interval < made.to; interval += intervalMs) {
    const others = othersSql
      .replaceAll('$start', String(interval))
      .replaceAll('$rows', String(Math.round((flowsPerSecond * intervalMs) / 1000)))
    const day = join(`${data}-story`, 'archive/2026/2026-11/2026-11-16')
    const name = new Date(interval).toISOString().replaceAll(/[-:]|\.\d+/g, '')
    const story = `SELECT ${names} FROM read_parquet('${day}/flows-${name}.parquet')`
    const sql = `${others} UNION ALL ${story}`
    await manifest.commit({ add: [await makeFile(connection, folder, { interval, sql })] })
  }
  await manifest.close()
  connection.closeSync()
  instance.closeSync()
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [data = '', flowsPerSecond = '20000'] = process.argv.slice(2)
  await makeBusyMorning(data, Number(flowsPerSecond))
}
