/** The stores: whether their data can be read, and whether remote ones answer. */
import { join } from 'node:path'

import { reasonOf } from '../../flow/reason.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import { formatWithUnit } from '../../flow/units.ts'
import { openFlowStore } from '../../store/archive/query.ts'
import {
  checkPassword,
  Connection as ClickHouseConnection,
} from '../../store/clickhouse/connection.ts'
import { ClickHouseFault } from '../../store/clickhouse/fault.ts'
import { checkTables } from '../../store/clickhouse/rows.ts'
import { bucketOf } from '../../store/influx/buckets.ts'
import { checkToken, checkVersion, Connection, tokenOf } from '../../store/influx/connection.ts'
import { InfluxFault, remedies } from '../../store/influx/fault.ts'
import { leftOutRemedy, restoredFlows, restoredSeries } from '../../store/disk/file-fault.ts'
import { fileRemedy } from '../../store/disk/file-remedy.ts'
import { findBucket } from '../../store/influx/provision.ts'
import { openParquetSeriesReader } from '../../store/parquet/series.ts'
import { fault, ok, warning, type Finding } from './finding.ts'

const answerMsMax = 5000
/** If the clock differs from InfluxDB's by more than this, points are written at a wrong time. */
const skewMsMax = 60_000

interface StoresFound {
  findings: Finding[]
  archiveBytes: number
}

/** The archive, and the series in the store that the settings name. */
export async function checkStores(settings: Settings): Promise<StoresFound> {
  const { findings, archiveBytes } = await checkArchive(settings)
  const series = await storeChecks[settings.store](settings)
  if (settings.storeAlso !== null) series.push(...(await storeChecks[settings.storeAlso](settings)))
  return { findings: [...findings, ...series], archiveBytes }
}

const storeChecks: Record<Settings['store'], (settings: Settings) => Promise<Finding[]>> = {
  parquet: checkSeries,
  influx: checkInflux,
  clickhouse: checkClickHouse,
}

async function checkArchive(settings: Settings): Promise<StoresFound> {
  try {
    const flows = await openFlowStore(join(settings.data, 'archive'), { local: settings.local })
    try {
      const { first, last, rows } = await flows.extent(0, Number.MAX_SAFE_INTEGER)
      const { bytes = 0, problems = [] } = (await flows.health?.()) ?? {}
      const findings = problems.map((problem) =>
        warning('archive', problem, leftOutRemedy(problem, restoredFlows)),
      )
      const span =
        first === null || last === null ? 'nothing yet' : `${time(first)} to ${time(last)}`
      const size = formatWithUnit(bytes, 'B')
      return {
        findings: [...findings, ok('archive', `${rows} flows in ${size}, ${span}`)],
        archiveBytes: bytes,
      }
    } finally {
      await flows.close()
    }
  } catch (error) {
    const what = `the archive cannot be read: ${reasonOf(error)}`
    return {
      findings: [
        fault(
          'archive',
          what,
          fileRemedy(error) ?? 'check that the files in WEIR_DATA are intact, or restore them',
        ),
      ],
      archiveBytes: 0,
    }
  }
}

function time(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19) + 'Z'
}

async function checkSeries({ data, tiers }: Settings): Promise<Finding[]> {
  try {
    const series = await openParquetSeriesReader(join(data, 'series'))
    try {
      const spans = await Promise.all(
        tiers.map(async (tier) => {
          const extent = await series.extent(tier)
          return `${tier.name} ${extent ? `since ${time(extent.from)}` : 'empty'}`
        }),
      )
      const leftOut = (await series.problems()).map((problem) =>
        warning('series', problem, leftOutRemedy(problem, restoredSeries)),
      )
      return [...leftOut, ok('series', `Parquet: ${spans.join(', ')}`)]
    } finally {
      await series.close()
    }
  } catch (error) {
    const what = `the series cannot be read: ${reasonOf(error)}`
    const remedy = fileRemedy(error) ?? 'make them again: weir rebuild --from TIME --to TIME'
    return [fault('series', what, remedy)]
  }
}

/** InfluxDB, with this process's token: its version, its clock, and each bucket. */
async function checkInflux({ influx, tiers }: Settings): Promise<Finding[]> {
  const { url, org, prefix } = influx
  try {
    await checkToken(influx)
    const connection = new Connection({ url, token: tokenOf(influx), timeoutMs: answerMsMax })
    const version = await connection.version()
    checkVersion(version)
    const findings = [ok('series', `InfluxDB ${version} at ${url}`), ...(await checkSkew(url))]
    // Fails if there is no such organization.
    await connection.request(`/api/v2/buckets?${new URLSearchParams({ org }).toString()}`)
    const missing: string[] = []
    for (const name of tiers.map((tier) => bucketOf(prefix, tier)))
      if (!(await findBucket(connection, { org, name }))) missing.push(name)
    if (missing.length === 0) return [...findings, ok('series', `this token can see its buckets`)]
    const what = `not visible with this token: ${missing.join(', ')}`
    return [...findings, fault('series', what, remedies.missing ?? 'run weir influx setup')]
  } catch (error) {
    const remedy = error instanceof InfluxFault ? error.remedy : undefined
    return [fault('series', reasonOf(error), remedy ?? 'run weir influx setup')]
  }
}

/** ClickHouse: its version, and the tables of each tier. */
async function checkClickHouse({ clickhouse, tiers }: Settings): Promise<Finding[]> {
  try {
    await checkPassword(clickhouse)
    const connection = new ClickHouseConnection({ settings: clickhouse, timeoutMs: answerMsMax })
    try {
      const version = await connection.version()
      await checkTables(connection, tiers)
      const where = clickhouse.urls.join(', ')
      return [ok('series', `ClickHouse ${version} at ${where}: its tables answer`)]
    } finally {
      await connection.close()
    }
  } catch (error) {
    const remedy = error instanceof ClickHouseFault ? error.remedy : 'run weir clickhouse setup'
    return [fault('series', reasonOf(error), remedy)]
  }
}

/** The Date header of the answer shows how far the two clocks are apart. */
async function checkSkew(url: string): Promise<Finding[]> {
  const answer = await fetch(`${url}/ping`, { signal: AbortSignal.timeout(answerMsMax) })
  const skew = Math.abs(Date.parse(answer.headers.get('date') ?? '') - Date.now())
  if (!(skew > skewMsMax)) return []
  const what = `the clock of InfluxDB differs by ${Math.round(skew / 1000)} s`
  return [warning('time', what, 'let NTP set both: InfluxDB deletes by its own clock')]
}
