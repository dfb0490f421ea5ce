/** Names from all sources: the administrator first, then the exporters, SNMP and DNS. */
import type { Names } from '../../flow/names/names.ts'
import type { ExporterStatus, IngestStatus, InterfaceName } from '../../flow/status.ts'
import type { StatusSource } from '../status/ingest-status.ts'
import type { AddressFacts, NameSource } from './labels.ts'
import type { HostNames } from './host-names.ts'
import type { Places } from './places.ts'
import type { InterfaceNames } from './snmp.ts'

/** Where names come from besides the exporters. */
interface NameParts {
  /** The administrator's names, which may change. */
  own: { names: Names; problem?: string | null }
  /** DNS; absent if disabled. */
  hosts?: HostNames
  /** Interfaces by SNMP; absent without WEIR_SNMP. */
  snmp?: InterfaceNames
  /** AS and country; absent without their files. */
  places?: Places
  now?: () => number
}

export class AllNames implements NameSource {
  readonly #parts: NameParts
  /** When hosts have the names given here, unix ms; null: now. */
  readonly #atMs: number | null
  #exporters = new Map<string, ExporterStatus>()

  constructor(parts: NameParts, atMs: number | null = null) {
    this.#parts = parts
    this.#atMs = atMs
  }

  get #own(): Names {
    return this.#parts.own.names
  }

  /** The same status source; each read also updates the exporters' names here. */
  following(source: StatusSource): StatusSource {
    return { ...source, read: async () => this.#take(await source.read()) }
  }

  #take(status: IngestStatus | null): IngestStatus | null {
    if (status) this.#exporters = new Map(status.exporters.map((each) => [each.address, each]))
    void this.#parts.snmp?.wake([...this.#exporters.keys()])
    return status
  }

  /** The administrator's names take precedence over DNS. */
  hostName(address: string): string | null {
    const ms = this.#atMs ?? this.#parts.now?.() ?? Date.now()
    return this.#own.hostName(address) ?? this.#parts.hosts?.nameAt(address, ms) ?? null
  }

  async learn(addresses: readonly string[]): Promise<void> {
    const unnamed = addresses.filter((each) => this.#own.hostName(each) === null)
    await this.#parts.hosts?.learn(unnamed)
  }

  /** The same names, with hosts named as at a time. */
  at(ms: number): NameSource {
    const then = new AllNames(this.#parts, ms)
    then.#exporters = this.#exporters
    return then
  }

  problem(): string | null {
    const [silent] = this.#parts.snmp?.problems ?? []
    const ofSnmp = silent ? `SNMP of ${silent[0]}: ${silent[1]}` : null
    return this.#parts.own.problem ?? ofSnmp
  }

  about(address: string): AddressFacts {
    const { hosts, places } = this.#parts
    return {
      history: hosts?.history(address) ?? [],
      network: this.#own.networkOf(address),
      place: places?.of(address) ?? null,
    }
  }

  exporterName(address: string): string | null {
    return this.#own.exporterName(address)
  }

  exporterAddresses(name: string): string[] {
    return this.#own.exporterAddresses(name)
  }

  /**
   * Each part comes from the first source that has it: an administrator's name leaves the speed to
   * the others.
   */
  interface(exporter: string, index: number): InterfaceName | null {
    const known = [
      this.#own.interface(exporter, index),
      this.#exporters.get(exporter)?.interfaces.find((each) => each.index === index),
      this.#parts.snmp?.of(exporter, index),
    ].filter((each) => each !== null && each !== undefined)
    if (known.length === 0) return null
    return {
      index,
      name: known.find(({ name }) => name !== null)?.name ?? null,
      alias: known.find(({ alias }) => alias !== null)?.alias ?? null,
      speed: known.find(({ speed }) => speed !== null)?.speed ?? null,
    }
  }

  interfaces(exporter: string): InterfaceName[] {
    return [...this.#own.interfaces(exporter), ...(this.#parts.snmp?.all(exporter) ?? [])]
  }

  /** The name of an application from an exporter, or from any of them if none is given. */
  application(exporter: string | undefined, id: number): string | null {
    const exporters =
      exporter === undefined ? [...this.#exporters.values()] : [this.#exporters.get(exporter)]
    for (const each of exporters) {
      const name = each && Object.hasOwn(each.applications, id) ? each.applications[id] : undefined
      if (name !== undefined) return name
    }
    return null
  }

  networksNamed(name: string): ReturnType<Names['networksNamed']> {
    return this.#own.networksNamed(name)
  }

  interfacesNamed(name: string): ReturnType<Names['interfacesNamed']> {
    return this.#own.interfacesNamed(name)
  }

  all(): ReturnType<Names['all']> {
    return this.#own.all()
  }
}
