/**
 * What the names in a filter stand for: the administrator's names, and those that exporters report
 * of themselves.
 */
import type { Network } from '../../flow/address.ts'
import type { FilterContext } from '../../flow/filter/context.ts'
import type { KnownNames } from '../../flow/filter/suggest.ts'
import { serviceNames, servicePorts } from '../../flow/service.ts'
import type { InterfaceName } from '../../flow/status.ts'
import type { NameSource } from '../names/labels.ts'

/** An exporter as ingest knows it. */
export interface NamedExporter {
  address: string
  name: string | null
  interfaces: readonly InterfaceName[]
}

interface NamedThings {
  names: NameSource
  exporters: readonly NamedExporter[]
}

/** The addresses of the exporters with a name, each once. */
export function exportersNamed(text: string, { names, exporters }: NamedThings): string[] {
  const called = exporters.filter(({ name }) => name === text).map(({ address }) => address)
  return [...new Set([...names.exporterAddresses(text), ...called])]
}

/** All names that can be suggested. */
export function knownNames({ names, exporters }: NamedThings): KnownNames {
  const own = names.all()
  const reported = exporters.flatMap((exporter) =>
    exporter.interfaces.map(({ name }) => name ?? ''),
  )
  return {
    exporters: exporters.map(({ address, name }) => ({
      address,
      name: names.exporterName(address) ?? name,
    })),
    interfaces: [...new Set([...own.interfaces, ...reported])].filter((name) => name !== ''),
    networks: own.networks,
    services: serviceNames(),
  }
}

/** The context in which a filter is parsed. */
export function filterContext(things: NamedThings & { local: readonly Network[] }): FilterContext {
  const { names, exporters, local } = things
  const interfaces = (text: string) => {
    const reported = exporters.flatMap((exporter) =>
      exporter.interfaces
        .filter(({ name, alias }) => name === text || alias === text)
        .map(({ index }) => ({ exporter: exporter.address, index })),
    )
    const own = names.interfacesNamed(text)
    return [...own, ...reported.filter((each) => !own.some((other) => isSame(each, other)))]
  }
  return {
    local,
    exporters: (text) => exportersNamed(text, things),
    networks: (text) => names.networksNamed(text),
    interfaces,
    services: servicePorts,
  }
}

function isSame(
  a: { exporter: string; index: number },
  b: { exporter: string; index: number },
): boolean {
  return a.exporter === b.exporter && a.index === b.index
}
