/** The text of a names file, YAML or CSV, as names. */
import { Names } from './names.ts'
import { namesFromCsv } from './names-csv.ts'

/**
 * Names of a file's text; `parseYaml` is the caller's, since this folder imports nothing.
 * @throws NamesError naming each entry that cannot be used
 */
export function readNamesText(
  path: string,
  text: string,
  parseYaml: (text: string) => unknown,
): Names {
  return new Names(path.toLowerCase().endsWith('.csv') ? namesFromCsv(text) : parseYaml(text))
}
