/** Names as the administrator gives them, and where these are silent, as exporters tell them. */
import type { Names } from '../flow/names.ts'
import type { ExporterStatus, IngestStatus, InterfaceName } from '../flow/status.ts'
import type { StatusSource } from './ingest-status.ts'
import type { NameSource } from './labels.ts'

export class ToldNames implements NameSource {
  readonly #own: Names
  #told = new Map<string, ExporterStatus>()

  constructor(own: Names) {
    this.#own = own
  }

  /** The same source of status, of whose exporters the names are taken over with each reading. */
  following(source: StatusSource): StatusSource {
    return { read: async () => this.#take(await source.read()) }
  }

  #take(status: IngestStatus | null): IngestStatus | null {
    if (status) this.#told = new Map(status.exporters.map((each) => [each.address, each]))
    return status
  }

  hostName(address: string): string | null {
    return this.#own.hostName(address)
  }

  exporterName(address: string): string | null {
    return this.#own.exporterName(address)
  }

  exporterAddresses(name: string): string[] {
    return this.#own.exporterAddresses(name)
  }

  interface(exporter: string, index: number): InterfaceName | null {
    const own = this.#own.interface(exporter, index)
    const told = this.#told.get(exporter)?.interfaces.find((each) => each.index === index) ?? null
    return own ?? told
  }

  /** What an exporter, or any of them where none is asked for, calls an application. */
  application(exporter: string | undefined, id: number): string | null {
    const asked = exporter === undefined ? [...this.#told.values()] : [this.#told.get(exporter)]
    for (const each of asked) {
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
