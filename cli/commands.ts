/** The commands: what each is for, its options, and the file that runs it. */
import type { ParseArgsConfig } from 'node:util'

import type { SettingsError } from '../flow/settings/settings.ts'
import type { CommandInput } from './command.ts'

/** A command of weir. */
export interface Command {
  about: string
  usage: string
  options: NonNullable<ParseArgsConfig['options']>
  /** Whether the command takes positional arguments. */
  takesWords?: boolean
  /** Loads only what the command needs. */
  run: (input: CommandInput) => Promise<void>
  /** Settings in place of those given, by the command's words: setup has no token of the store yet. */
  instead?: (words: readonly string[]) => Record<string, string>
  /** Called when the settings have faults; absent: they are printed. */
  onFaults?: (error: SettingsError, values: Record<string, unknown>) => Promise<void>
}

/** See influx/setup.ts. */
const influxOptions = [
  'tokens',
  'admin-token-file',
  'admin-password-file',
  'admin-user',
  'ingest-token-file',
  'api-token-file',
  'wait',
]

/** Options of every command. */
export const commonOptions: Command['options'] = {
  config: { type: 'string' },
  check: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
}

/** All commands, by name. */
export const commands: Record<string, Command> = {
  start: {
    about: 'collect flows and serve the page: ingest and API under one command',
    usage: 'weir start',
    options: {},
    run: async (input) => (await import('./start.ts')).start(input),
  },
  ingest: {
    about: 'collect flows only',
    usage: 'weir ingest',
    options: {},
    run: async (input) => (await import('./ingest.ts')).ingest(input),
  },
  api: {
    about: 'serve the API and the page only, from what the data folder holds',
    usage: 'weir api',
    options: {},
    run: async (input) => (await import('./api.ts')).api(input),
  },
  replay: {
    about:
      'import captures (pcap, pcapng, .gz, .zst) into the store, as if received at their capture times',
    takesWords: true,
    usage: 'weir replay FILE… [--json] [--shift recent] [--to HOST:PORT [--speed N]]',
    options: {
      json: { type: 'boolean' },
      shift: { type: 'string' },
      to: { type: 'string' },
      speed: { type: 'string' },
    },
    run: async (input) => (await import('./replay.ts')).replay(input),
  },
  query: {
    about: 'top hosts, ports … from the flow archive, like nfdump -s',
    usage:
      "weir query ['FILTER'] [--from TIME] [--to TIME] [--by KEY,KEY…] [--order bytes] [--top 10] [--format table|csv|json] [--include any|start|end|within] [--exporter NAME] [--tz ZONE]",
    options: {
      from: { type: 'string' },
      to: { type: 'string' },
      by: { type: 'string', multiple: true },
      order: { type: 'string' },
      top: { type: 'string' },
      format: { type: 'string' },
      include: { type: 'string' },
      exporter: { type: 'string' },
      tz: { type: 'string' },
    },
    takesWords: true,
    run: async (input) => (await import('./query.ts')).query(input),
  },
  rebuild: {
    about: 'make the series of a time range again from the archive',
    usage: 'weir rebuild --from TIME --to TIME',
    options: { from: { type: 'string' }, to: { type: 'string' } },
    run: async (input) => (await import('./rebuild.ts')).rebuild(input),
  },
  influx: {
    about:
      'prepare InfluxDB for WEIR_STORE=influx (setup), or write a point and read it back (check)',
    usage: 'weir influx setup --tokens FOLDER [--admin-token-file FILE] [--wait SECONDS] | check',
    options: Object.fromEntries(influxOptions.map((name) => [name, { type: 'string' }])),
    takesWords: true,
    instead: ([word]) => (word === 'setup' ? { WEIR_STORE: 'parquet' } : {}),
    run: async (input) => (await import('./influx.ts')).influx(input),
  },
  clickhouse: {
    about:
      'create or upgrade the tables for WEIR_STORE=clickhouse (setup), or read from each of them (check)',
    usage: 'weir clickhouse setup [--without-keeper] [--wait SECONDS] | check',
    options: { 'without-keeper': { type: 'boolean' }, wait: { type: 'string' } },
    takesWords: true,
    run: async (input) => (await import('./clickhouse.ts')).clickhouse(input),
  },
  migrate: {
    about:
      'copy series and flows from Parquet files to ClickHouse, or series back, and compare them',
    usage: 'weir migrate --to clickhouse|parquet',
    options: { to: { type: 'string' } },
    run: async (input) => (await import('./migrate.ts')).migrate(input),
  },
  doctor: {
    about: 'check settings, ports, kernel, disk, store and exporters: each fault with its remedy',
    usage: 'weir doctor [--json] [--health ingest|api]',
    options: { json: { type: 'boolean' }, health: { type: 'string' } },
    run: async (input) => (await import('./doctor.ts')).doctor(input),
    onFaults: async (error, values) =>
      (await import('./doctor.ts')).doctorOfSettings(error, values),
  },
  report: {
    about: 'report what happened in a time range and who did it, on one page',
    usage:
      'weir report --from TIME --to TIME [--exporter NAME] [--tz ZONE] [-o FILE.html|.pdf|.png|.md|.svg]',
    options: {
      from: { type: 'string' },
      to: { type: 'string' },
      exporter: { type: 'string' },
      tz: { type: 'string' },
      output: { type: 'string', short: 'o' },
    },
    run: async (input) => (await import('./report.ts')).report(input),
  },
  demo: {
    about: 'show the bundled Monday outage on a scratch folder',
    usage: 'weir demo',
    options: {},
    run: async (input) => (await import('./demo.ts')).demo(input),
  },
}
