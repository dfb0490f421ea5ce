/** Finds an exporter, or one of its interfaces, among hundreds. */
import type { Exporter } from '../../api/schema/status.ts'

type Found = Pick<Exporter, 'address' | 'name' | 'interfaces'>

/** The named interfaces: index 0 means that a flow's interface is unknown. */
function named<One extends Found>(exporter: One): One {
  return { ...exporter, interfaces: exporter.interfaces.filter(({ index }) => index !== 0) }
}

/** An exporter if its name or address contains a text; if only interfaces do, the exporter with those; else null. */
function foundIn<One extends Found>(exporter: One, text: string): One | null {
  const has = (...texts: (string | null)[]) =>
    texts.some((each) => each?.toLowerCase().includes(text) === true)
  if (has(exporter.name, exporter.address)) return exporter
  const interfaces = exporter.interfaces.filter(({ name, alias, index }) =>
    has(name, alias, `if${index}`),
  )
  return interfaces.length > 0 ? { ...exporter, interfaces } : null
}

/**
 * The exporters that contain a text, ignoring case, with their named interfaces; all of them for an
 * empty text.
 */
export function found<One extends Found>(exporters: readonly One[], text: string): One[] {
  const sought = text.trim().toLowerCase()
  return exporters
    .map((exporter) => foundIn(named(exporter), sought))
    .filter((exporter) => exporter !== null)
}
