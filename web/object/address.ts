/** The addresses of objects: everything that has a page of its own with its graphs. */
import { storedWord, wordForm } from '../../flow/key.ts'

const objectKinds = ['exporter', 'interface', 'host', 'port', 'protocol', 'tracker', 'all'] as const
export type ObjectKind = (typeof objectKinds)[number]

export interface NamedObject {
  kind: ObjectKind
  /** An address or name; an interface is EXPORTER/INDEX, a port PROTOCOL/NUMBER; empty for all. */
  name: string
}

/** The address of an object's page. */
export function objectAddress({ kind, name }: NamedObject): string {
  const parts = name.split('/').map((part) => encodeURIComponent(part).replaceAll('%3A', ':'))
  return `/object/${kind}${name === '' ? '' : `/${parts.join('/')}`}`
}

/** The object of a page's path, or null where it names none. */
export function objectOf(path: string): NamedObject | null {
  const [, object, kind, ...rest] = path.split('/')
  const known = objectKinds.find((each) => each === kind)
  if (object !== 'object' || known === undefined) return null
  try {
    const name = rest.map((part) => decodeURIComponent(part)).join('/')
    return name === '' && known !== 'all' ? null : { kind: known, name }
  } catch {
    return null
  }
}

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
