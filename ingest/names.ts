/** Reads the file of WEIR_NAMES, for what it says of exporters. */
import { readFile } from 'node:fs/promises'

import { parse } from 'yaml'

import { Names } from '../flow/names.ts'

/**
 * The names of a file, or none without one.
 * @throws NamesError naming each entry that cannot be used
 */
export async function readNames(path: string | null): Promise<Names> {
  return path === null ? new Names() : new Names(parse(await readFile(path, 'utf8')))
}
