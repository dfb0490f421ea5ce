/** The input of commands, and how they fail. */
import type { Settings } from '../flow/settings/settings.ts'

export interface CommandInput {
  settings: Settings
  values: Record<string, unknown>
  positionals: string[]
}

/**
 * usage: the command line or a setting is wrong; input: a file is not what it should be; taken: the
 * capture was replayed before.
 */
export const exitCodes = { failure: 1, usage: 64, input: 2, taken: 3 } as const

/** A failure that the user can fix: printed without a stack, with its exit code. */
export class CommandError extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number = exitCodes.failure) {
    super(message)
    this.name = 'CommandError'
    this.exitCode = exitCode
  }
}
