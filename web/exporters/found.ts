/** Finding an exporter, or one of its interfaces, among hundreds. */
import type { Exporter } from '../../api/schema/status.ts'

type Found = Pick<Exporter, 'address' | 'name' | 'interfaces'>

/** The interfaces that have a name: index 0 says that a flow's interface is not known. */
function named<One extends Found>(exporter: One): One {
  return { ...exporter, interfaces: exporter.interfaces.filter(({ index }) => index !== 0) }
}

/** An exporter in whose name or address a text stands; one that has it in interfaces alone comes with these; else null. */
function foundIn<One extends Found>(exporter: One, text: string): One | null {
  const has = (...texts: (string | null)[]) =>
    texts.some((each) => each?.toLowerCase().includes(text) === true)
  if (has(exporter.name, exporter.address)) return exporter
  const interfaces = exporter.interfaces.filter(({ name, alias, index }) =>
    has(name, alias, `if${index}`),
  )
  return interfaces.length > 0 ? { ...exporter, interfaces } : null
}

/** Those in which a text is found, whatever its case, with their named interfaces; all where it is empty. */
export function found<One extends Found>(exporters: readonly One[], text: string): One[] {
  const sought = text.trim().toLowerCase()
  return exporters
    .map((exporter) => foundIn(named(exporter), sought))
    .filter((exporter) => exporter !== null)
}
