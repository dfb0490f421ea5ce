/** How an object's traffic is asked for, and how Explore is asked to show it. */
import type { Query } from '../client.ts'
import { defaultView, type View } from '../state/address.ts'
import type { NamedObject, ObjectKind } from './address.ts'

/** What a kind of object is asked by: words of /api/series, and whether a key is named. */
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
  return askings[kind](name)
}

/** What an interface counts itself is asked for so; null for what counts nothing. */
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

/** The view of Explore in which an object is looked into. */
export function exploreView(
  { kind, name }: NamedObject,
  range: { from: string; to: string },
): View {
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
    tracker: () => ({}),
  }
  return { ...defaultView, ...range, ...changes[kind]() }
}
