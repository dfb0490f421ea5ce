/** The command line: finds the command, reads the settings, runs it, and reports what went wrong. */
import { parseArgs } from 'node:util'

import { reasonOf } from '../flow/reason.ts'
import { SettingsError } from '../flow/settings/settings.ts'
import packageFile from '../package.json' with { type: 'json' }
import { CommandError, exitCodes } from './command.ts'
import { commands, commonOptions, type Command } from './commands.ts'
import { exitCodeOf, linesOf, remedyOf } from './failure.ts'
import { loadSettings } from './load-settings.ts'
import { readNames } from './names.ts'

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

function usage(): string {
  const rows = Object.values(commands).map(({ usage: line, about }) => `  ${line}\n      ${about}`)
  return `usage: weir COMMAND [--config weir.yaml] [--check] …\n\n${rows.join('\n')}`
}
