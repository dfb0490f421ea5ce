/** What is printed of a failed command: what went wrong, and how to fix it. */
import { placeText, SettingsError } from '../flow/settings/settings.ts'
import { fileRemedy } from '../store/disk/file-remedy.ts'
import { CommandError, exitCodes } from './command.ts'

/** The lines to print for a failure that the user can fix; our own bugs are thrown on. */
export function linesOf(error: unknown): string[] {
  if (error instanceof SettingsError)
    return error.faults.map((fault) => `${placeText(fault)}: ${fault.remedy}`)
  if (error instanceof CommandError) return error.message.split('\n')
  if (isFault(error)) return [`${error.message}; ${error.remedy}`]
  if (isSystemError(error)) return [`${error.message}; ${remedyOf(error)}`]
  throw error
}

/** What a command that failed with this exits with. */
export function exitCodeOf(error: unknown): number {
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

/** What to do about an operating system error. */
export function remedyOf(error: NodeJS.ErrnoException): string {
  return fileRemedy(error) ?? 'check the address or folder named in it'
}
