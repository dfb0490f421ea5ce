/** Reads YAML files written by people. */
import { readFile } from 'node:fs/promises'

import { parse } from 'yaml'

/**
 * A YAML file as an object; an empty file has no keys.
 * @throws Error with the position of the fault
 */
export async function readYaml(path: string): Promise<Record<string, unknown>> {
  const parsed: unknown = parse(await readFile(path, 'utf8'))
  if (parsed === null || parsed === undefined) return {}
  if (typeof parsed === 'object' && !Array.isArray(parsed)) return parsed as Record<string, unknown>
  throw new Error('it holds no keys')
}
