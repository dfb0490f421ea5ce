/** Keys as people read them: by name if there is one, services by their port. */
import type { Network } from '../../flow/address.ts'
import { applicationId } from '../../flow/application.ts'
import { protocolNumber } from '../../flow/protocol.ts'
import { serviceName } from '../../flow/service.ts'
import type { InterfaceName } from '../../flow/status.ts'

/** Where names come from: flow/names/names.ts, and DNS. */
export interface NameSource {
  hostName(address: string): string | null
  exporterName(address: string): string | null
  exporterAddresses(name: string): string[]
  interface(exporter: string, index: number): InterfaceName | null
  /** The interfaces of an exporter that are named by anything but the exporter itself. */
  interfaces(exporter: string): InterfaceName[]
  /** An exporter's name for an application; absent if exporters are not asked. */
  application?(exporter: string | undefined, id: number): string | null
  /** The networks (a host is one of a single address) and the interfaces of a name. */
  networksNamed(name: string): Network[]
  interfacesNamed(name: string): { exporter: string; index: number }[]
  /** Asks for the names of hosts of which nothing is known, and waits for them a moment. */
  learn?(addresses: readonly string[]): Promise<void>
  /** The names as they were at a time (unix ms). */
  at?(ms: number): NameSource
  /** Why the names are older than their file; null if they are not. */
  problem?(): string | null
  /** What else is known about an address. */
  about?(address: string): AddressFacts
  /** All networks, hosts and interfaces that have a name. */
  all(): { networks: string[]; interfaces: string[] }
}

/** What is known about an address besides its name. */
export interface AddressFacts {
  history: readonly { name: string; from: number; to: number }[]
  network: { name: string; site: string | null; owner: string | null } | null
  place: { as: number | null; asName: string | null; country: string | null } | null
}

/** A key of an answer. */
export type AnswerKey = Record<string, string | number | boolean>

/** Keys that are numbers in answers although stores keep tags as text. */
const numericKeys = new Set(['port', 'interface', 'counter'])
const hostKeys = new Set(['host', 'src', 'dst', 'nexthop'])
const interfaceKeys = new Set(['interface', 'counter', 'in', 'out'])

/** A stored key in the order of `words`, ports and interfaces as numbers where possible. */
export function answerKey(
  words: readonly string[],
  stored: Readonly<Record<string, string | number | undefined>>,
): AnswerKey {
  const key: AnswerKey = {}
  for (const word of words) {
    const value = stored[word]
    if (value === undefined) continue
    key[word] = numericKeys.has(word) && /^\d{1,15}$/.test(String(value)) ? Number(value) : value
  }
  return key
}

/**
 * A key in words, such as "bobby22.bigbiz.local (10.0.0.22) 443/tcp https in". `exporter` is the
 * one the answer is about, if any: interfaces are named per exporter.
 */
export function labelOf(key: AnswerKey, names: NameSource, exporter?: string): string {
  if (key['other'] === true) return ['other', key['direction']].filter(Boolean).join(' ')
  const exporterOf = typeof key['exporter'] === 'string' ? key['exporter'] : exporter
  const hasPort = 'port' in key && 'protocol' in key
  const parts = Object.entries(key)
    .filter(([word]) => !(hasPort && word === 'protocol'))
    .map(([word, value]) =>
      hasPort && word === 'port'
        ? serviceLabel(String(key['protocol']), value)
        : partLabel(word, value, { names, exporterOf }),
    )
  if (!('src' in key && 'dst' in key)) return parts.join(' ')
  const [src, dst, ...rest] = parts
  return [src, '→', dst, ...rest].join(' ')
}

type KeyValue = AnswerKey[string]

/** Where names come from, and the exporter that interfaces and applications are of. */
interface LabelContext {
  names: NameSource
  exporterOf: string | undefined
}

/** One part of a key in words. */
function partLabel(word: string, value: KeyValue, context: LabelContext): string {
  const { names, exporterOf } = context
  if (hostKeys.has(word)) return named(names.hostName(String(value)), value)
  if (word === 'exporter') return named(names.exporterName(String(value)), value)
  if (word === 'protocol') return protocolLabel(String(value))
  if (word === 'application')
    return named(applicationName(String(value), names, exporterOf), `application ${value}`)
  if (interfaceKeys.has(word)) return interfaceLabel(word, value, context)
  return `${wordsBefore[word] ?? ''}${value}`
}

function applicationName(
  text: string,
  names: NameSource,
  exporterOf: string | undefined,
): string | null {
  const id = applicationId(text)
  return id === null ? null : (names.application?.(exporterOf, id) ?? null)
}

/** Prefixes for keys whose bare values would be ambiguous. */
const wordsBefore: Record<string, string> = {
  srcport: 'source port ',
  dstport: 'destination port ',
  anyport: 'port ',
  as: 'AS',
  srcas: 'source AS',
  dstas: 'destination AS',
  tos: 'ToS ',
  vlan: 'VLAN ',
}

function named(name: string | null, value: KeyValue): string {
  return name === null ? String(value) : `${name} (${value})`
}

/** Protocol 0 is IANA's HOPOPT, and stored where an exporter reports none (MPLS, layer 2). */
function protocolLabel(protocol: string): string {
  return protocolNumber(protocol) === 0 ? `${protocol} or not reported` : protocol
}

function serviceLabel(protocol: string, port: KeyValue): string {
  if (port === 'none') return protocolLabel(protocol)
  if (typeof port !== 'number') return `${protocol} ${port}`
  const number = protocolNumber(protocol)
  const service = number === null ? null : serviceName(number, port)
  return service === null ? `${port}/${protocol}` : `${port}/${protocol} ${service}`
}

function interfaceLabel(
  word: string,
  value: KeyValue,
  { names, exporterOf }: LabelContext,
): string {
  const index = Number(value)
  const found = exporterOf === undefined ? null : names.interface(exporterOf, index)
  const label = found?.name ? `${found.name} (${index})` : `interface ${value}`
  return word === 'interface' ? label : `${word} ${label}`
}
