/**
 * The settings: one schema for every process. Values come from the environment or from weir.yaml
 * under the same names; all faults are reported together, each with its key, value and remedy.
 */
import type { NetworkSet } from '../address.ts'
import type { ClickHouseSettings } from './clickhouse-specs.ts'
import type { SensitivityName } from '../incident/sensitivity.ts'
import type { Tier } from '../interval.ts'
import type { AccessSettings, AlertSettings, NamingSettings } from './console-specs.ts'
import { settingRules } from './rules.ts'
import { settingSpecs } from './specs.ts'
import type { Endpoint, PublishedAt, SettingSpec } from './values.ts'

/** How to connect to InfluxDB, when series are stored there. */
export interface InfluxSettings {
  url: string
  org: string
  /** One of the two supplies this process's token; the file is re-read when the token is refused. */
  token: string | null
  tokenFile: string | null
  /** Buckets are named PREFIX_TIER: weir_5m. */
  prefix: string
  /** The most bytes of series that may wait on disk for InfluxDB. */
  spoolMaxBytes: number
}

export interface Settings {
  data: string
  http: Endpoint
  /** The page's address for browsers, if it differs from `http`. */
  published: PublishedAt | null
  netflow: Endpoint
  ipfix: Endpoint
  sflow: Endpoint
  metrics: Endpoint
  /** Sources whose datagrams are accepted. */
  exporters: NetworkSet
  /** Networks that count as local when determining a flow's direction. */
  local: NetworkSet
  names: string | null
  store: 'parquet' | 'influx' | 'clickhouse'
  /** A second store written in parallel during a migration. */
  storeAlso: 'parquet' | 'clickhouse' | null
  influx: InfluxSettings
  clickhouse: ClickHouseSettings
  tiers: Tier[]
  top: number
  archiveKeepMs: number
  archiveMaxBytes: number
  flowMaxMs: number
  /** The sensitivity of incident detection. */
  sensitivity: SensitivityName
  timeZone: string
  access: AccessSettings
  alerts: AlertSettings
  naming: NamingSettings
  receiveBufferBytes: number
  logLevel: string
}

/** An invalid setting: its name, its value, and what to write instead. */
export interface SettingFault {
  key: string
  value: string
  remedy: string
  /** The file that it is set in, if it is not the environment. */
  file?: string
}

export class SettingsError extends Error {
  readonly faults: readonly SettingFault[]

  constructor(faults: readonly SettingFault[]) {
    super(faults.map((fault) => `${placeText(fault)}: ${fault.remedy}`).join('\n'))
    this.name = 'SettingsError'
    this.faults = faults
  }
}

/** Where a fault is, and its value. */
export function placeText({ key, value, file }: SettingFault): string {
  return `${file === undefined ? '' : `${file}: `}${key}="${value}"`
}

type SettingName = keyof typeof settingSpecs

/**
 * Reads settings from the environment, and those not set there from a parsed weir.yaml. Those that
 * a fault names are not usable; unknown WEIR_ names are faults too. `file` null: it could not be
 * read, so what settings must be together cannot be told.
 */
export function inspectSettings(
  environment: Record<string, string | undefined>,
  file: Record<string, unknown> | null,
): { settings: Settings; faults: SettingFault[] } {
  const faults: SettingFault[] = unknownNames(environment, file ?? {})
  const read: Read = (name) => {
    const spec: SettingSpec<unknown> = settingSpecs[name]
    const key = `WEIR_${name}`
    const given = environment[key] ?? fileValue(file?.[key])
    const text = given === undefined || given === '' ? spec.default : given
    const value = spec.parse(text)
    const isReported = faults.some((fault) => fault.key === key)
    if (value === null && text !== '' && !isReported)
      faults.push({ key, value: text, remedy: spec.remedy })
    return value as never
  }
  const settings: Settings = {
    data: read('DATA'),
    http: read('HTTP'),
    published: read('PUBLISHED'),
    netflow: read('NETFLOW'),
    ipfix: read('IPFIX'),
    sflow: read('SFLOW'),
    metrics: read('METRICS'),
    exporters: read('EXPORTERS'),
    local: read('LOCAL'),
    names: read('NAMES') || null,
    store: read('STORE'),
    storeAlso: read('STORE_ALSO') || null,
    influx: influxSettings(read),
    clickhouse: clickHouseSettings(read),
    tiers: read('TIERS'),
    top: read('TOP'),
    archiveKeepMs: read('ARCHIVE_KEEP'),
    archiveMaxBytes: read('ARCHIVE_MAX'),
    flowMaxMs: read('FLOW_MAX'),
    sensitivity: read('SENSITIVITY'),
    timeZone: read('TZ'),
    access: accessSettings(read),
    alerts: alertSettings(read),
    naming: namingSettings(read),
    receiveBufferBytes: read('RECEIVE_BUFFER'),
    logLevel: read('LOG'),
  }
  const faulty = new Set(faults.map(({ key }) => key))
  for (const { reads, find } of file === null ? [] : settingRules)
    if (!reads.some((key) => faulty.has(key))) faults.push(...find(settings))
  return { settings, faults }
}

type SettingValue<Name extends SettingName> =
  (typeof settingSpecs)[Name] extends SettingSpec<infer Value> ? Value : never

/** Reads a setting and records its fault; an empty one without a default is null or ''. */
type Read = <Name extends SettingName>(name: Name) => SettingValue<Name>

function influxSettings(read: Read): InfluxSettings {
  return {
    url: read('INFLUX_URL'),
    org: read('INFLUX_ORG'),
    token: read('INFLUX_TOKEN') || null,
    tokenFile: read('INFLUX_TOKEN_FILE') || null,
    prefix: read('INFLUX_PREFIX'),
    spoolMaxBytes: read('SPOOL_MAX'),
  }
}

function clickHouseSettings(read: Read): ClickHouseSettings {
  return {
    urls: read('CLICKHOUSE_URL'),
    user: read('CLICKHOUSE_USER'),
    passwordFile: read('CLICKHOUSE_PASSWORD_FILE') || null,
    database: read('CLICKHOUSE_DATABASE'),
    cluster: read('CLICKHOUSE_CLUSTER') || null,
    writer: read('WRITER'),
    spoolMaxBytes: read('SPOOL_MAX'),
  }
}

function accessSettings(read: Read): AccessSettings {
  return {
    auth: read('AUTH'),
    mask: read('MASK'),
    passwordFile: read('PASSWORD_FILE') || null,
    proxies: read('PROXIES'),
    proxyUserHeader: read('PROXY_USER_HEADER'),
    proxyAdmins: read('PROXY_ADMINS'),
  }
}

function alertSettings(read: Read): AlertSettings {
  return {
    mailServer: read('MAIL_SERVER'),
    mailPasswordFile: read('MAIL_PASSWORD_FILE') || null,
    mailFrom: read('MAIL_FROM'),
    webhookNetworks: read('WEBHOOK_NETWORKS'),
    script: read('ALERT_SCRIPT') || null,
  }
}

function namingSettings(read: Read): NamingSettings {
  return {
    dns: read('DNS'),
    dnsServers: read('DNS_SERVERS'),
    snmpFile: read('SNMP') || null,
    asFile: read('AS_FILE') || null,
    countryFile: read('COUNTRY_FILE') || null,
  }
}

/** The default time zone: WEIR_TZ, or UTC if that leaves it to the browser. */
export function zoneOf({ timeZone }: Pick<Settings, 'timeZone'>): string {
  return timeZone === 'browser' ? 'UTC' : timeZone
}

/** Whether archive files are sent to ClickHouse. */
export function sendsFlows({ store, storeAlso }: Settings): boolean {
  return store === 'clickhouse' || storeAlso === 'clickhouse'
}

/** Environment names used by tests and deployments that are not settings. */
const otherNames = /^WEIR_(TEST_|COMPOSE_|CORPUS$|CONFIG$)/

function unknownNames(
  environment: Record<string, string | undefined>,
  file: Record<string, unknown>,
): SettingFault[] {
  const given = [
    ...Object.keys(environment).filter((key) => key.startsWith('WEIR_')),
    ...Object.keys(file),
  ]
  return given
    .filter(
      (key) =>
        !otherNames.test(key) &&
        !(key.startsWith('WEIR_') && Object.hasOwn(settingSpecs, key.slice('WEIR_'.length))),
    )
    .map((key) => ({
      key,
      value: environment[key] ?? fileValue(file[key]) ?? '',
      remedy: `is no setting; known are ${Object.keys(settingSpecs)
        .map((name) => `WEIR_${name}`)
        .join(', ')}`,
    }))
}

function fileValue(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (Array.isArray(value)) return value.map((part) => fileValue(part) ?? '').join(',')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
