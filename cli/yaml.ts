/** Reads YAML files written by people. */
import { readFile } from 'node:fs/promises'

import { parse } from 'yaml'

import { reasonOf } from '../flow/reason.ts'
import { CommandError, exitCodes } from './command.ts'

/**
 * A YAML file as an object; an empty file has no keys. `what` names it in the error.
 * @throws CommandError with the path and the position of the fault
 */
export async function readYaml(path: string, what: string): Promise<Record<string, unknown>> {
  try {
    const parsed: unknown = parse(await readFile(path, 'utf8'))
    if (parsed === null || parsed === undefined) return {}
    if (typeof parsed === 'object' && !Array.isArray(parsed))
      return parsed as Record<string, unknown>
    throw new Error('it holds no keys')
  } catch (error) {
    const reason = reasonOf(error)
    throw new CommandError(`${what} in ${path} cannot be read: ${reason}`, exitCodes.usage)
  }
}
