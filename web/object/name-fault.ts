/** Which names an object may have. */
import { storedWord, wordForm } from '../../flow/key.ts'
import type { NamedObject, ObjectKind } from './address.ts'

/** The words of a key that the parts of an object's name are, where a text may be none of them. */
const namedWords: Partial<Record<ObjectKind, readonly string[]>> = {
  host: ['host'],
  port: ['protocol', 'port'],
  protocol: ['protocol'],
}

/** Why nothing can bear an object's name; null where something may. */
export function nameFault({ kind, name }: NamedObject): string | null {
  const words = namedWords[kind]
  if (!words) return null
  const parts = name.split('/')
  const isWhole = parts.length === words.length
  if (isWhole && words.every((word, i) => storedWord(word, parts[i]!) !== null)) return null
  return `“${name}” is not ${words.map((word) => wordForm(word)).join(', a slash and ')}`
}
