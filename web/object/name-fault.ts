/** Which names an object may have. */
import { storedWord, wordForm } from '../../flow/key.ts'
import type { NamedObject, ObjectKind } from './address.ts'

/** The key words of the parts of an object's name, for kinds whose names can be invalid. */
const namedWords: Partial<Record<ObjectKind, readonly string[]>> = {
  host: ['host'],
  port: ['protocol', 'port'],
  protocol: ['protocol'],
}

/** Why an object's name is invalid; null if it is valid. */
export function nameFault({ kind, name }: NamedObject): string | null {
  const words = namedWords[kind]
  if (!words) return null
  const parts = name.split('/')
  const isWhole = parts.length === words.length
  if (isWhole && words.every((word, i) => storedWord(word, parts[i]!) !== null)) return null
  return `“${name}” is not ${words.map((word) => wordForm(word)).join(', a slash and ')}`
}
