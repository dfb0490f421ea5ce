/** Reads the file of WEIR_NAMES. */
import { NamesError, type Names } from '../flow/names/names.ts'
import { reasonOf } from '../flow/reason.ts'
import type { Settings } from '../flow/settings/settings.ts'
import { readNames as readNamesFile } from '../store/names/own-names.ts'
import { CommandError, exitCodes } from './command.ts'

/**
 * Reads the names file of the settings, if any, so that its faults are reported at start.
 * @throws CommandError naming every entry that cannot be read
 */
export async function readNames({ names }: Settings): Promise<Names> {
  try {
    return await readNamesFile(names)
  } catch (error) {
    const fault =
      error instanceof NamesError
        ? `${error.faults.join('; ')}; correct them`
        : `${reasonOf(error)}; name a readable YAML or CSV file`
    throw new CommandError(`WEIR_NAMES="${names}": ${fault}`, exitCodes.usage)
  }
}
