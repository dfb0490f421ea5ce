/** Reads the WEIR_NAMES file. */
import { readFile } from 'node:fs/promises'

import { parse } from 'yaml'

import { Names } from '../flow/names.ts'
import { readNamesText } from '../flow/read-names.ts'

/**
 * The names in a file, or none without a file.
 * @throws NamesError naming each entry that cannot be used
 */
export async function readNames(path: string | null): Promise<Names> {
  if (path === null) return new Names()
  return readNamesText(path, await readFile(path, 'utf8'), (text) => parse(text) as unknown)
}
