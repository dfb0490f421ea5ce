/** An object's name, and what is known about it besides its traffic. */
import type { NamedAddress, NamesAnswer } from '../../api/routes/names.ts'
import { read } from '../client.ts'
import { exporterName, exporters } from '../state/collector.ts'
import { followAnswer } from '../state/follow.ts'
import { addressOf, place } from '../state/route.ts'
import { objectOf, type NamedObject } from './address.ts'
import { nameFault } from './name-fault.ts'
import { interfaceOf } from './question.ts'

const kindTexts: Record<NamedObject['kind'], string> = {
  all: '',
  exporter: 'exporter',
  interface: 'interface',
  host: 'host',
  port: 'port',
  protocol: 'protocol',
  tracker: 'tracker',
}

/** The API path for the facts about the host shown. */
function question(): string | null {
  const object = objectOf(place.value.path)
  if (object?.kind !== 'host' || nameFault(object) !== null) return null
  return addressOf('/api/names', { address: object.name })
}

/** Facts about the host shown; their errors are not shown, because the graphs do not need them. */
export const hostFacts = followAnswer<NamedAddress | null>(question, async (ended) => {
  const { addresses } = await read<NamesAnswer>(question()!, ended)
  return addresses[0] ?? null
})

interface Known {
  host: NamedAddress | null
  /** The label in answers about the object; empty until one has come. */
  label: string
}

/** The heading of an object's page. */
export function titleOf(object: NamedObject, { host, label }: Known): string {
  const { kind, name } = object
  if (kind === 'all') return 'All traffic'
  if (kind === 'host') return host?.name ? `${host.name} (${name})` : name
  if (kind === 'exporter') return calledOf(name)
  if (kind !== 'interface') return label || name
  const { exporter, index } = interfaceOf(name)
  const found = interfaceFacts(object)
  const alias = found?.alias ? ` (${found.alias})` : ''
  return `${calledOf(exporter)}:${found?.name ?? `if${index}`}${alias}`
}

/** The name of an exporter for which the page's address may have only an IP address. */
function calledOf(exporter: string): string {
  const found = exporterNamed(exporter)
  return found ? exporterName(found) : exporter
}

/** Shown beside it: the kind of object, and where it belongs. */
export function aboutOf({ kind, name }: NamedObject, { host }: Known): string {
  const facts: string[] = [kindTexts[kind]]
  if (kind === 'exporter') {
    const found = exporterNamed(name)
    if (found?.name) facts.push(found.address)
  }
  if (kind === 'host' && host) facts.push(...belongings(host))
  return facts.join(' · ')
}

function belongings({ network, as, asName, country, history, name }: NamedAddress): string[] {
  const { site = null, owner = null } = network ?? {}
  const before = history.findLast((each) => each.name !== name)
  const texts = [
    network?.name,
    site,
    owner,
    as === null ? null : `AS${as}${asName === null ? '' : ` ${asName}`}`,
    country,
    before && `formerly ${before.name}`,
  ]
  return texts.filter((text): text is string => Boolean(text))
}

function exporterNamed(name: string) {
  return exporters.value?.find((each) => exporterName(each) === name || each.address === name)
}

/** The exporter that an object is or belongs to; undefined if none or unknown. */
export function exporterOf({ kind, name }: NamedObject) {
  if (kind === 'interface') return exporterNamed(interfaceOf(name).exporter)
  return kind === 'exporter' ? exporterNamed(name) : undefined
}

/** What is known about an interface. */
export function interfaceFacts(object: NamedObject) {
  if (object.kind !== 'interface') return null
  const { index } = interfaceOf(object.name)
  return exporterOf(object)?.interfaces.find((each) => String(each.index) === index) ?? null
}
