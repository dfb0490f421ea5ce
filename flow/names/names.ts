/**
 * Custom names: those that WEIR_NAMES gives to networks, hosts, exporters and their interfaces.
 *
 *     networks:
 *       10.0.0.0/24: { name: office, site: Brussels, owner: facilities }
 *       10.0.0.22: bobby22.bigbiz.local
 *     exporters:
 *       10.0.0.1: { name: pfsense, interfaces: { 1: wan, 2: { name: lan, alias: office switch } } }
 *       10.0.0.2: { name: core, sampling: 1000, counts: ingress }
 */
import { formatAddress, isWithin, parseAddress, parseNetwork, type Network } from '../address.ts'
import { noRules, readRules, type ExporterRules } from '../exporter-rules.ts'
import type { InterfaceName } from '../status.ts'

/** The names file's entry for a network or a host. */
interface NetworkName {
  name: string
  site: string | null
  owner: string | null
}

interface NamedNetwork {
  network: Network
  entry: NetworkName
}

interface ExporterName {
  name: string | null
  interfaces: Map<number, InterfaceName>
  rules: ExporterRules
}

/** An invalid names file: each fault with its location. */
export class NamesError extends Error {
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(faults.join('\n'))
    this.name = 'NamesError'
    this.faults = faults
  }
}

export class Names {
  /** Longest prefix first, so that the first match is the most specific. */
  readonly #networks: NamedNetwork[] = []
  readonly #exporters = new Map<string, ExporterName>()

  /**
   * Names from a parsed names file; an empty file gives no names.
   * @throws NamesError naming each invalid entry
   */
  constructor(file: unknown = {}) {
    const faults: string[] = []
    const { networks, exporters, ...rest } = mapping(file, 'the file', faults)
    for (const key of Object.keys(rest))
      faults.push(`"${key}": known parts are networks and exporters`)
    for (const [key, value] of Object.entries(mapping(networks, 'networks', faults))) {
      const network = parseNetwork(key)
      const entry = networkName(value)
      if (network && entry) this.#networks.push({ network, entry })
      else
        faults.push(
          `networks: "${key}": write CIDR or ADDRESS, then a name or { name, site, owner }`,
        )
    }
    for (const [key, value] of Object.entries(mapping(exporters, 'exporters', faults))) {
      const words = parseAddress(key)
      if (!words) {
        faults.push(`exporters: "${key}": write the exporter's address, then { name, interfaces }`)
        continue
      }
      const { rules, faults: found } = readRules(record(value))
      const named = exporterName(value)
      for (const fault of [...found, ...named.faults]) faults.push(`exporters: "${key}": ${fault}`)
      const { name, interfaces } = named
      this.#exporters.set(formatAddress(...words), { name, interfaces, rules })
    }
    if (faults.length > 0) throw new NamesError(faults)
    this.#networks.sort((a, b) => b.network.bits - a.network.bits)
  }

  /** The name of a host, or null. Networks do not name their hosts. */
  hostName(address: string): string | null {
    const found = this.#find(address)
    return found?.network.bits === 128 ? found.entry.name : null
  }

  /** The most specific network of an address that is wider than the address itself. */
  networkOf(address: string): NetworkName | null {
    const words = parseAddress(address)
    if (!words) return null
    const holds = (network: Network) => network.bits < 128 && isWithin(words, network)
    return this.#networks.find(({ network }) => holds(network))?.entry ?? null
  }

  /** The name of an exporter, or null. */
  exporterName(address: string): string | null {
    return this.#exporters.get(address)?.name ?? null
  }

  /** The addresses of the exporters with that name (names need not be unique). */
  exporterAddresses(name: string): string[] {
    return [...this.#exporters]
      .filter(([, entry]) => entry.name === name)
      .map(([address]) => address)
  }

  /** An exporter's sampling interval and which of its records count. */
  rules(address: string): ExporterRules {
    return this.#exporters.get(address)?.rules ?? noRules
  }

  /** The entry for an exporter's interface, or null. */
  interface(exporter: string, index: number): InterfaceName | null {
    return this.#exporters.get(exporter)?.interfaces.get(index) ?? null
  }

  /** The networks with that name or site; a host is a network of one address. */
  networksNamed(name: string): Network[] {
    const isNamed = ({ entry }: NamedNetwork) => entry.name === name || entry.site === name
    return this.#networks.filter((each) => isNamed(each)).map(({ network }) => network)
  }

  /** The interfaces with that name or alias. */
  interfacesNamed(name: string): { exporter: string; index: number }[] {
    return [...this.#exporters].flatMap(([exporter, { interfaces }]) =>
      [...interfaces.values()]
        .filter((each) => each.name === name || each.alias === name)
        .map(({ index }) => ({ exporter, index })),
    )
  }

  /** All named networks, hosts and interfaces. */
  all(): { networks: string[]; interfaces: string[] } {
    const interfaces = [...this.#exporters.values()].flatMap((each) => [
      ...each.interfaces.values(),
    ])
    return {
      networks: [...new Set(this.#networks.map(({ entry }) => entry.name))],
      interfaces: [...new Set(interfaces.map(({ name }) => name ?? '').filter(Boolean))],
    }
  }

  /** All named interfaces of an exporter. */
  interfaces(exporter: string): InterfaceName[] {
    return [...(this.#exporters.get(exporter)?.interfaces.values() ?? [])]
  }

  #find(address: string): NamedNetwork | undefined {
    const words = parseAddress(address)
    return words ? this.#networks.find(({ network }) => isWithin(words, network)) : undefined
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** A part of the file that may be missing; it is a fault if it is anything but a mapping. */
function mapping(value: unknown, part: string, faults: string[]): Record<string, unknown> {
  if (value === undefined || value === null) return {}
  if (typeof value === 'object' && !Array.isArray(value)) return record(value)
  faults.push(`${part}: ${JSON.stringify(value)}: write a mapping, one line "KEY: VALUE" for each`)
  return {}
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null
}

function networkName(value: unknown): NetworkName | null {
  const { name, site, owner } = record(value)
  const named = text(value) ?? text(name)
  return named === null ? null : { name: named, site: text(site), owner: text(owner) }
}

function exporterName(value: unknown): Omit<ExporterName, 'rules'> & { faults: string[] } {
  const { name, interfaces } = record(value)
  const faults: string[] = []
  const named = new Map<number, InterfaceName>()
  for (const [key, given] of Object.entries(mapping(interfaces, 'interfaces', faults))) {
    const { name: own, alias, speed } = record(given)
    const index = Number(key)
    const entry = {
      index,
      name: text(given) ?? text(own),
      alias: text(alias),
      speed: typeof speed === 'number' ? speed : null,
    }
    const isNamed = entry.name !== null || entry.alias !== null || entry.speed !== null
    if (isNamed && Number.isInteger(index) && index >= 0) named.set(index, entry)
    else
      faults.push(
        `interface "${key}": write its number, then a name or { name, alias, speed in bits per second }`,
      )
  }
  return { name: text(value) ?? text(name), interfaces: named, faults }
}
