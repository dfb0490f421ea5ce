/**
 * The settings: one schema for every process. Values come from the environment or from weir.yaml
 * under the same names; all faults are found at once, each with its key, value and remedy.
 */
import { NetworkSet, parseNetwork, type Network } from './address.ts'
import { parseDuration, type Tier } from './interval.ts'

/** Where a socket listens. */
export interface Endpoint {
  host: string
  port: number
}

export interface Settings {
  data: string
  http: Endpoint
  netflow: Endpoint
  ipfix: Endpoint
  sflow: Endpoint
  metrics: Endpoint
  /** Sources whose datagrams are taken. */
  exporters: NetworkSet
  /** Networks that count as ours when a flow's direction is told. */
  local: NetworkSet
  names: string | null
  store: 'parquet'
  tiers: Tier[]
  top: number
  archiveKeepMs: number
  archiveMaxBytes: number
  flowMaxMs: number
  timeZone: string
  auth: 'none' | null
  receiveBufferBytes: number
  logLevel: string
}

/** A setting that cannot be used: where it stands, what it says, and what to write instead. */
export interface SettingFault {
  key: string
  value: string
  remedy: string
}

export class SettingsError extends Error {
  readonly faults: readonly SettingFault[]

  constructor(faults: readonly SettingFault[]) {
    super(faults.map((f) => `${f.key}="${f.value}": ${f.remedy}`).join('\n'))
    this.name = 'SettingsError'
    this.faults = faults
  }
}

/** A parser gives the value, or null where the text cannot be used; `remedy` then says what to write. */
interface SettingSpec<Value> {
  default: string
  parse: (text: string) => Value | null
  remedy: string
  about: string
}

function setting<Value>(
  about: string,
  fallback: string,
  parse: (text: string) => Value | null,
  remedy: string,
): SettingSpec<Value> {
  return { default: fallback, parse, remedy, about }
}

const privateNetworks =
  '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,169.254.0.0/16,fc00::/7,fe80::/10'
const loopbackNetworks = '127.0.0.0/8,::1/128'
const networksRemedy = 'write networks as CIDR, comma-separated, such as 10.0.0.0/8,2001:db8::/32'
const endpointRemedy = 'write ADDRESS:PORT, such as 0.0.0.0:2055 or [::]:2055'
const durationRemedy = 'write a number and s, m, h, d, w or y, such as 90d'

/** Every setting: environment name without WEIR_, what it is for, default, reading, remedy. */
export const settingSpecs = {
  DATA: setting('folder of archive, series and journal', './data', nonEmpty, 'name a folder'),
  HTTP: setting('address of the page and the API', '127.0.0.1:8080', endpoint, endpointRemedy),
  NETFLOW: setting('UDP address for NetFlow', '0.0.0.0:2055', endpoint, endpointRemedy),
  IPFIX: setting('UDP address for IPFIX', '0.0.0.0:4739', endpoint, endpointRemedy),
  SFLOW: setting('UDP address for sFlow', '0.0.0.0:6343', endpoint, endpointRemedy),
  METRICS: setting('address of /metrics', '127.0.0.1:9100', endpoint, endpointRemedy),
  EXPORTERS: setting(
    'networks whose datagrams are taken',
    `${privateNetworks},${loopbackNetworks}`,
    networks,
    networksRemedy,
  ),
  LOCAL: setting(
    'local networks, by which in and out are told',
    privateNetworks,
    networks,
    networksRemedy,
  ),
  NAMES: setting('YAML file of names for networks, hosts, exporters, interfaces', '', optional, ''),
  STORE: setting('where series are kept', 'parquet', oneOf('parquet'), 'write parquet'),
  TIERS: setting(
    'steps of the series and how long each is kept',
    '5m:90d 30m:1y 2h:3y 1d:10y',
    tiers,
    'write STEP:KEEP pairs, the first of 5m, each step a multiple of the one before, such as 5m:90d 30m:1y',
  ),
  TOP: setting(
    'keys kept per measurement and exporter',
    '1000',
    whole(1, 100_000),
    'write a whole number from 1 to 100000',
  ),
  ARCHIVE_KEEP: setting(
    'age at which flows leave the archive',
    '90d',
    parseDuration,
    durationRemedy,
  ),
  ARCHIVE_MAX: setting(
    'bytes at which the oldest flows leave',
    '50GB',
    bytes,
    'write a number and MB, GB or TB, such as 50GB',
  ),
  FLOW_MAX: setting('how old a flow may be to count', '7d', parseDuration, durationRemedy),
  TZ: setting(
    'time zone of the page',
    'browser',
    timeZone,
    'write an IANA time zone such as Europe/Brussels, or browser',
  ),
  AUTH: setting(
    'who may read when HTTP is off loopback',
    '',
    auth,
    'write none (who reaches the port may read everything), or keep WEIR_HTTP on 127.0.0.1',
  ),
  RECEIVE_BUFFER: setting(
    'socket buffer asked of the kernel',
    '32MB',
    bytes,
    'write a number and MB, such as 32MB',
  ),
  LOG: setting(
    'log level',
    'info',
    oneOf('error', 'warn', 'info', 'debug', 'silent'),
    'write error, warn, info or debug',
  ),
} as const

export type SettingName = keyof typeof settingSpecs

/**
 * Reads settings from the environment, and where it is silent from a parsed weir.yaml.
 * @throws SettingsError naming every fault, unknown WEIR_ names included
 */
export function readSettings(
  environment: Record<string, string | undefined>,
  file: Record<string, unknown> = {},
): Settings {
  const faults: SettingFault[] = unknownNames(environment, file)
  const read = <Value>(name: SettingName, spec: SettingSpec<Value>): Value => {
    const key = `WEIR_${name}`
    const given = environment[key] ?? fileValue(file[key])
    const text = given === undefined || given === '' ? spec.default : given
    const value = spec.parse(text)
    if (value === null && text !== '') faults.push({ key, value: text, remedy: spec.remedy })
    return value as Value
  }
  const s = settingSpecs
  const timeZoneName = read('TZ', s.TZ)
  const settings: Settings = {
    data: read('DATA', s.DATA),
    http: read('HTTP', s.HTTP),
    netflow: read('NETFLOW', s.NETFLOW),
    ipfix: read('IPFIX', s.IPFIX),
    sflow: read('SFLOW', s.SFLOW),
    metrics: read('METRICS', s.METRICS),
    exporters: read('EXPORTERS', s.EXPORTERS),
    local: read('LOCAL', s.LOCAL),
    names: read('NAMES', s.NAMES) || null,
    store: read('STORE', s.STORE),
    tiers: read('TIERS', s.TIERS),
    top: read('TOP', s.TOP),
    archiveKeepMs: read('ARCHIVE_KEEP', s.ARCHIVE_KEEP),
    archiveMaxBytes: read('ARCHIVE_MAX', s.ARCHIVE_MAX),
    flowMaxMs: read('FLOW_MAX', s.FLOW_MAX),
    timeZone: timeZoneName,
    auth: read('AUTH', s.AUTH),
    receiveBufferBytes: read('RECEIVE_BUFFER', s.RECEIVE_BUFFER),
    logLevel: read('LOG', s.LOG),
  }
  if (faults.length === 0) faults.push(...exposure(settings))
  if (faults.length > 0) throw new SettingsError(faults)
  return settings
}

/** Whether an address that the API is to listen on is reachable from this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

function exposure({ http, auth: given }: Settings): SettingFault[] {
  if (isLoopback(http.host) || given !== null) return []
  return [
    {
      key: 'WEIR_HTTP',
      value: `${http.host}:${http.port}`,
      remedy: `is reachable from other machines: set WEIR_AUTH too. ${settingSpecs.AUTH.remedy}`,
    },
  ]
}

/** Names of the environment that steer tests and deployments and are no settings. */
const otherNames = /^WEIR_(TEST_|CORPUS$|CONFIG$)/

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
      (key) => !otherNames.test(key) && !Object.hasOwn(settingSpecs, key.replace(/^WEIR_/, '')),
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

function nonEmpty(text: string): string | null {
  return text.trim() === '' ? null : text.trim()
}

function optional(text: string): string {
  return text.trim()
}

function oneOf<Word extends string>(...words: Word[]): (text: string) => Word | null {
  return (text) => words.find((word) => word === text) ?? null
}

function whole(least: number, most: number): (text: string) => number | null {
  return (text) =>
    /^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : null
}

function auth(text: string): 'none' | null {
  return text === 'none' ? 'none' : null
}

function endpoint(text: string): Endpoint | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text.trim())
  if (!match || Number(match[3]) > 65_535) return null
  return { host: match[1] ?? match[2]!, port: Number(match[3]) }
}

function networks(text: string): NetworkSet | null {
  const parsed = text.split(',').map((part) => parseNetwork(part))
  return parsed.includes(null) ? null : new NetworkSet(parsed as Network[])
}

function bytes(text: string): number | null {
  const match = /^(\d{1,9})\s*(B|KB|MB|GB|TB)$/.exec(text.trim())
  const scale = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }
  return match ? Number(match[1]) * scale[match[2] as keyof typeof scale] : null
}

function timeZone(text: string): string | null {
  if (text === 'browser') return text
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone
  } catch {
    return null
  }
}

function tiers(text: string): Tier[] | null {
  const parsed = text
    .trim()
    .split(/[\s,]+/)
    .map((pair) => {
      const [name = '', keep = ''] = pair.split(':')
      return { name, stepMs: parseDuration(name) ?? 0, keepMs: parseDuration(keep) ?? 0 }
    })
  const sound = parsed.every(
    (tier, i) =>
      tier.keepMs > 0 &&
      (i === 0
        ? tier.name === '5m'
        : tier.stepMs > parsed[i - 1]!.stepMs && tier.stepMs % parsed[i - 1]!.stepMs === 0),
  )
  return sound ? parsed : null
}
