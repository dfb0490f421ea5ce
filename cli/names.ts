/** Reads the file of WEIR_NAMES. */
import { Names, NamesError } from '../flow/names.ts'
import type { Settings } from '../flow/settings.ts'
import { CommandError, exitCodes } from './command.ts'
import { readYaml } from './yaml.ts'

/**
 * Reads the names of the settings' file, if they name one, so that its faults are told at the start.
 * @throws CommandError naming every entry that cannot be read
 */
export async function checkNames({ names }: Settings): Promise<void> {
  if (names === null) return
  const file = await readYaml(names, 'the names')
  try {
    new Names(file).hostName('::')
  } catch (error) {
    if (!(error instanceof NamesError)) throw error
    throw new CommandError(`names in ${names}: ${error.faults.join('; ')}`, exitCodes.usage)
  }
}
