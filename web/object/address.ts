/** The addresses of objects: everything that has a page of its own with its graphs. */
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

/** The object named by a page's path, or null. */
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
