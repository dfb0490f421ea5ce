/**
 * The command line: finds the command, reads the settings, reports what went wrong and how to fix
 * it.
 */
import { parseArgs, type ParseArgsConfig } from 'node:util'

import { reasonOf } from '../flow/reason.ts'
import {
  inspectSettings,
  placeText,
  SettingsError,
  type SettingFault,
  type Settings,
} from '../flow/settings.ts'
import { fileRemedy } from '../store/file-remedy.ts'
import { readYaml } from './yaml.ts'
import { CommandError, exitCodes, type CommandInput } from './command.ts'
import packageFile from '../package.json' with { type: 'json' }
import { fileFaults, folderFaults } from './files.ts'
import { readNames } from './names.ts'

interface Command {
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

/** See influx-setup.ts. */
const influxOptions = [
  'tokens',
  'admin-token-file',
  'admin-password-file',
  'admin-user',
  'ingest-token-file',
  'api-token-file',
  'wait',
]

const commonOptions: Command['options'] = {
  config: { type: 'string' },
  check: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
}

const commands: Record<string, Command> = {
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

/** How long a failed command may take to close what it opened. */
const lingerMsMax = 1000

/** Runs a command line; failures are printed, and the exit code is set. */
export async function main(args: readonly string[]): Promise<void> {
  process.stdout.on('error', outputFailed)
  try {
    await run(args)
  } catch (error) {
    for (const line of linesOf(error)) console.error(`weir: ${line}`)
    process.exitCode = exitCodeOf(error)
    // What a failed start left open must not keep the process alive.
    setTimeout(() => process.exit(), lingerMsMax).unref()
  }
}

/** A reader that has seen enough, such as head, is no failure; a full disk is. */
function outputFailed(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE' || process.exitCode === exitCodes.failure) return
  console.error(`weir: the output could not be written: ${error.message}; ${remedyOf(error)}`)
  process.exitCode = exitCodes.failure
}

async function run([name = '', ...rest]: readonly string[]): Promise<void> {
  const command = Object.hasOwn(commands, name) ? commands[name]! : null
  if (!command) {
    if (['help', '--help', '-h'].includes(name)) console.log(usage())
    else if (name === '--version') console.log(`weir ${packageFile.version}`)
    else {
      if (name !== '') console.error(`weir: there is no command "${name}"`)
      console.error(usage())
      process.exitCode = exitCodes.usage
    }
    return
  }
  const { values, positionals } = parse(command, rest)
  if (values['help'] === true) {
    console.log(`${command.usage}\n  ${command.about}`)
    return
  }
  const environment = { ...process.env, ...command.instead?.(positionals) }
  const isCheck = values['check'] === true
  const settings = await loadSettings(environment, {
    path: values['config'],
    // The doctor looks at the folder itself, with all else.
    readsFolder: name !== 'doctor',
    readsFiles: isCheck || name === 'start',
  }).catch(async (error: unknown) => {
    if (!(error instanceof SettingsError) || !command.onFaults) throw error
    await command.onFaults(error, values)
    return null
  })
  if (settings === null) return
  if (isCheck) {
    await readNames(settings)
    console.log('settings: no faults')
    return
  }
  await command.run({ settings, values, positionals })
}

function parse(
  command: Command,
  args: readonly string[],
): { values: Record<string, unknown>; positionals: string[] } {
  try {
    return parseArgs({
      args: [...args],
      options: { ...commonOptions, ...command.options },
      allowPositionals: command.takesWords === true,
    })
  } catch (error) {
    const reason = reasonOf(error)
    throw new CommandError(`${reason}; usage: ${command.usage}`, exitCodes.usage)
  }
}

/**
 * The settings from the environment, and those not set there from the file of `--config`.
 * @throws SettingsError with every fault
 */
async function loadSettings(
  environment: Record<string, string | undefined>,
  { path, readsFolder, readsFiles }: { path: unknown; readsFolder: boolean; readsFiles: boolean },
): Promise<Settings> {
  const unread: SettingFault[] = []
  const file = typeof path === 'string' ? await fileOf(path, unread) : {}
  const { settings, faults } = inspectSettings(environment, file)
  if (readsFolder) faults.push(...(await folderFaults(settings)))
  if (readsFiles) faults.push(...(await fileFaults(settings)))
  if (file === null)
    throw new SettingsError([
      ...unread,
      // Of the others nobody knows what the file says.
      ...faults.filter(({ key }) => environment[key] !== undefined),
    ])
  if (faults.length === 0) return settings
  const isInFile = (key: string) => environment[key] === undefined && Object.hasOwn(file, key)
  throw new SettingsError(
    faults.map((fault) => (isInFile(fault.key) ? { ...fault, file: String(path) } : fault)),
  )
}

/** The keys of a settings file; null, and a fault more, if it cannot be read. */
async function fileOf(
  path: string,
  faults: SettingFault[],
): Promise<Record<string, unknown> | null> {
  try {
    return await readYaml(path)
  } catch (error) {
    const remedy = `cannot be read: name a readable YAML file of settings (${reasonOf(error)})`
    faults.push({ key: '--config', value: path, remedy })
    return null
  }
}

/** The lines to print for a failure that the user can fix; our own bugs are thrown on. */
function linesOf(error: unknown): string[] {
  if (error instanceof SettingsError)
    return error.faults.map((fault) => `${placeText(fault)}: ${fault.remedy}`)
  if (error instanceof CommandError) return error.message.split('\n')
  if (isFault(error)) return [`${error.message}; ${error.remedy}`]
  if (isSystemError(error)) return [`${error.message}; ${remedyOf(error)}`]
  throw error
}

function exitCodeOf(error: unknown): number {
  if (error instanceof SettingsError) return exitCodes.usage
  return error instanceof CommandError ? error.exitCode : exitCodes.failure
}

/** A store that cannot be reached, or another failure with a remedy. */
function isFault(error: unknown): error is Error & { remedy: string } {
  return error instanceof Error && 'remedy' in error && typeof error.remedy === 'string'
}

/** An operating system error, such as an address in use or a folder without access. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}

function remedyOf(error: NodeJS.ErrnoException): string {
  return fileRemedy(error) ?? 'check the address or folder named in it'
}

function usage(): string {
  const rows = Object.values(commands).map(({ usage: line, about }) => `  ${line}\n      ${about}`)
  return `usage: weir COMMAND [--config weir.yaml] [--check] …\n\n${rows.join('\n')}`
}
