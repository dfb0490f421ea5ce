/** `weir influx …`: the InfluxDB subcommands. */
import { CommandError, exitCodes, type CommandInput } from './command.ts'

const actions: Record<string, (input: CommandInput) => Promise<void>> = {
  setup: async (input) => (await import('./influx/setup.ts')).influxSetup(input),
  check: async (input) => (await import('./influx/check.ts')).influxCheck(input),
}

export async function influx(input: CommandInput): Promise<void> {
  const [name = '', ...rest] = input.positionals
  const action = Object.hasOwn(actions, name) ? actions[name]! : null
  if (!action || rest.length > 0)
    throw new CommandError(
      `write weir influx ${Object.keys(actions).join(' or ')}`,
      exitCodes.usage,
    )
  await action(input)
}
