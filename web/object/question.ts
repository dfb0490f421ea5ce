/** The API query for an object's traffic, and the Explore view that shows it. */
import type { Query } from '../client.ts'
import { defaultView, type View } from '../state/address.ts'
import type { NamedObject, ObjectKind } from './address.ts'

/** The query parameters for a kind of object: words of /api/series, and a key if one is named. */
type Asking = (name: string) => Query

const askings: Record<ObjectKind, Asking> = {
  all: () => ({ by: 'direction' }),
  exporter: (name) => ({ by: 'direction', exporter: name }),
  interface: (name) => {
    const { exporter, index } = interfaceOf(name)
    return { by: 'interface,direction', exporter, key: index }
  },
  host: (name) => ({ by: 'host,direction', key: name }),
  port: (name) => ({ by: 'port,direction', key: name }),
  protocol: (name) => ({ by: 'protocol,direction', key: name }),
  tracker: (name) => ({ by: 'tracker,direction', key: name }),
}

/** The parameters of /api/series that give an object's traffic. */
export function seriesQuery({ kind, name }: NamedObject): Query {
  return { known: 'any', ...askings[kind](name) }
}

/** The query for an interface's own counters; null for other objects. */
export function counterQuery({ kind, name }: NamedObject): Query | null {
  if (kind !== 'interface') return null
  const { exporter, index } = interfaceOf(name)
  return { by: 'counter,direction', exporter, key: index }
}

/** The parts of an interface's name: EXPORTER/INDEX. */
export function interfaceOf(name: string): { exporter: string; index: string } {
  const at = name.lastIndexOf('/')
  return { exporter: name.slice(0, Math.max(0, at)), index: name.slice(at + 1) }
}

/** What Explore takes over from an object's page. */
type Carried = Pick<View, 'from' | 'to' | 'measure' | 'tz'>

/**
 * The view of Explore that shows an object in detail; null while the filter of a tracker is not
 * known.
 */
export function exploreView(
  { kind, name }: NamedObject,
  carried: Carried,
  trackerFilter: string | null = null,
): View | null {
  if (kind === 'tracker' && trackerFilter === null) return null
  const changes: Record<ObjectKind, () => Partial<View>> = {
    all: () => ({}),
    exporter: () => ({ exporter: name }),
    interface: () => {
      const { exporter, index } = interfaceOf(name)
      return { exporter, filter: `if ${index}` }
    },
    host: () => ({ filter: `host ${name}`, by: 'port' }),
    port: () => {
      const [protocol = '', port = ''] = name.split('/')
      const isNumber = /^\d+$/.test(port)
      return { filter: isNumber ? `proto ${protocol} and port ${port}` : `proto ${protocol}` }
    },
    protocol: () => ({ filter: `proto ${name}` }),
    tracker: () => ({ filter: trackerFilter ?? '' }),
  }
  return { ...defaultView, ...carried, ...changes[kind]() }
}
