/** The elements of a template's fields, with their places in a record. */
import type { Element } from '../element.ts'
import {
  elementOf,
  isProbeElement,
  probeReversedElementOf,
  reversedElementOf,
} from '../elements.ts'
import type { Place } from '../steps/batch.ts'
import { variableLength, type Template } from './template.ts'

export interface PlacedElement {
  element: Element
  place: Place
  variable: boolean
}

/** The fields of a template that are read, for the flow and for its other direction. */
interface PlacedFields {
  places: Place[]
  forward: PlacedElement[]
  reverse: PlacedElement[]
}

/** Octets and packets that came in. */
const incomingIds: ReadonlySet<number> = new Set([1, 2])

/** Unknown fields only get a place. */
export function placeElements(template: Template): PlacedFields {
  const placed: PlacedFields = { places: [], forward: [], reverse: [] }
  let offset = 0
  const isProbe =
    template.countsBothWays ||
    template.fields.some(({ enterprise, id }) => isProbeElement(enterprise, id))
  for (const { id, enterprise, length } of template.fields) {
    const variable = length === variableLength
    const place = { offset, length: variable ? 0 : length }
    placed.places.push(place)
    offset += place.length
    if (length === 0) continue
    if (template.countsOutgoing && enterprise === 0 && incomingIds.has(id)) continue
    const mirrored = isProbe ? probeReversedElementOf(enterprise, id) : null
    const element = mirrored ? null : elementOf(enterprise, id)
    const reversed = mirrored ?? reversedElementOf(enterprise, id)
    if (element) placed.forward.push({ element, place, variable })
    if (reversed) placed.reverse.push({ element: reversed, place, variable })
  }
  return placed
}

/** The header after the first IPv6 header: the protocol or an extension. */
const nextHeaderId = 193

/** Whether a field is the protocol of a header: a record with two describes two headers. */
export const isProtocol = ({ element: { action, id, enterprise } }: PlacedElement) =>
  'column' in action &&
  action.column === 'protocolIdentifier' &&
  (enterprise !== 0 || id !== nextHeaderId)

/** Columns that each header of an encapsulated packet has. */
const headerColumns: ReadonlySet<string> = new Set([
  'sourceAddress', 'destinationAddress', 'sourceTransportPort', 'destinationTransportPort',
  'protocolIdentifier', 'ipClassOfService', 'tcpControlBits', 'icmpTypeCode',
]) // prettier-ignore

/**
 * Encapsulated packets: a record gives headers from outermost to innermost (RFC 7011, section 8).
 * The innermost counts, because it has the real endpoints; where it has no value, the next outer
 * one does.
 */
export function preferInnermost(placed: PlacedElement[]): void {
  for (const [i, one] of placed.entries()) {
    const { action } = one.element
    if ('column' in action && headerColumns.has(action.column))
      placed[i] = { ...one, element: { ...one.element, rank: -i } }
  }
}
