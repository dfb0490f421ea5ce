/** The settings table: purpose, default, parser and remedy of each setting. */
import { clickHouseSpecs } from './clickhouse-specs.ts'
import { consoleSpecs } from './console-specs.ts'
import { sensitivities } from '../incident/sensitivity.ts'
import {
  bytes,
  duration,
  endpoint,
  httpUrl,
  networks,
  nonEmpty,
  oneOf,
  optional,
  setting,
  tiers,
  timeZone,
  whole,
  plainName,
  publishedAt,
} from './values.ts'

/** Private-use networks, not reachable from outside. */
const privateNetworks =
  '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,169.254.0.0/16,fc00::/7,fe80::/10'
export const privateNetworkSet = networks(privateNetworks)!
const loopbackNetworks = '127.0.0.0/8,::1/128'
const networksRemedy = 'write networks as CIDR, comma-separated, such as 10.0.0.0/8,2001:db8::/32'
const endpointRemedy = 'write ADDRESS:PORT, such as 0.0.0.0:2055 or [::]:2055'
const durationRemedy = 'write a number above 0 and s, m, h, d, w or y, such as 90d'

/** Every setting: environment name without WEIR_, purpose, default, parser, remedy. */
export const settingSpecs = {
  DATA: setting('folder of archive, series and journal', './data', nonEmpty, 'name a folder'),
  HTTP: setting('address of the page and the API', '127.0.0.1:8080', endpoint, endpointRemedy),
  PUBLISHED: setting(
    'address at which a container or a proxy publishes the page',
    '',
    publishedAt,
    'write NAME:PORT, such as weir.example.org:443, or https://NAME:PORT',
  ),
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
  STORE: setting(
    'where series (with clickhouse, flows too) are kept',
    'parquet',
    oneOf('parquet', 'influx', 'clickhouse'),
    'write parquet, influx or clickhouse',
  ),
  STORE_ALSO: setting(
    'second store that is written to as well, while one takes the place of the other',
    '',
    oneOf('', 'parquet', 'clickhouse'),
    'write parquet or clickhouse, or nothing',
  ),
  INFLUX_URL: setting(
    'address of InfluxDB',
    'http://127.0.0.1:8086',
    httpUrl,
    'write http://HOST:PORT or https://HOST, with no name or password in it',
  ),
  INFLUX_ORG: setting('organization in InfluxDB', 'weir', nonEmpty, 'name an organization'),
  INFLUX_TOKEN: setting('token for InfluxDB; better in a file', '', optional, ''),
  INFLUX_TOKEN_FILE: setting('file that holds the token for InfluxDB', '', optional, ''),
  INFLUX_PREFIX: setting(
    'beginning of the names of the buckets in InfluxDB',
    'weir',
    plainName,
    'write a letter, then letters, digits, _ or -, such as weir',
  ),
  ...clickHouseSpecs,
  SPOOL_MAX: setting(
    'bytes of series that wait on disk while InfluxDB or ClickHouse is away',
    '2GB',
    bytes,
    'write a number and MB or GB, such as 2GB',
  ),
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
  ARCHIVE_KEEP: setting('age at which flows leave the archive', '90d', duration, durationRemedy),
  ARCHIVE_MAX: setting(
    'bytes at which the oldest flows leave',
    '50GB',
    bytes,
    'write a number and MB, GB or TB, such as 50GB',
  ),
  FLOW_MAX: setting('how old a flow may be to count', '7d', duration, durationRemedy),
  SENSITIVITY: setting(
    'how much it takes until something is an incident',
    'normal',
    oneOf(...sensitivities),
    'write low, normal or high',
  ),
  TZ: setting(
    'time zone of the page',
    'browser',
    timeZone,
    'write an IANA time zone such as Europe/Brussels, or browser',
  ),
  ...consoleSpecs,
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
    'write error, warn, info, debug or silent',
  ),
} as const
