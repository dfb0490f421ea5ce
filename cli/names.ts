/** Reads the file of WEIR_NAMES. */
import { Names, NamesError } from '../flow/names.ts'
import type { Settings } from '../flow/settings.ts'
import { CommandError, exitCodes } from './command.ts'
import { readYaml } from './yaml.ts'

/**
 * Reads the names of the settings' file, if they name one, so that its faults are told at the start.
 * @throws CommandError naming every entry that cannot be read
 */
export async function readNames({ names }: Settings): Promise<Names> {
  if (names === null) return new Names()
  const file = await readYaml(names, 'the names')
  try {
    return new Names(file)
  } catch (error) {
    if (!(error instanceof NamesError)) throw error
    throw new CommandError(`names in ${names}: ${error.faults.join('; ')}`, exitCodes.usage)
  }
}

/** As readNames, for commands that leave the names to others. */
export async function checkNames(settings: Settings): Promise<void> {
  await readNames(settings)
}
