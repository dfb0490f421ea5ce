/** Reads the text of a names file, YAML or CSV. */
import { Names } from './names.ts'
import { namesFromCsv } from './csv.ts'

/**
 * Names from a file's text. The caller passes `parseYaml`, because this folder has no dependencies.
 * @throws NamesError naming each invalid entry
 */
export function readNamesText(
  path: string,
  text: string,
  parseYaml: (text: string) => unknown,
): Names {
  return new Names(path.toLowerCase().endsWith('.csv') ? namesFromCsv(text) : parseYaml(text))
}
