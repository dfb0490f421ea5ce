/** The elements of a template's fields and where each lies in a record. */
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

/** The fields of a template that are read: those of the flow, and those of its other direction. */
export interface PlacedFields {
  places: Place[]
  forward: PlacedElement[]
  reverse: PlacedElement[]
}

/** Fields of no known element have a place only. */
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
    const mirrored = isProbe ? probeReversedElementOf(enterprise, id) : null
    const element = mirrored ? null : elementOf(enterprise, id)
    const reversed = mirrored ?? reversedElementOf(enterprise, id)
    if (element) placed.forward.push({ element, place, variable })
    if (reversed) placed.reverse.push({ element: reversed, place, variable })
  }
  return placed
}

/** Of IPv6 the header that follows the first, which is the protocol or an extension. */
const nextHeaderId = 193

/** Whether a field says the protocol of a header: one that says it twice describes two. */
export const isProtocol = ({ element: { action, id, enterprise } }: PlacedElement) =>
  'column' in action &&
  action.column === 'protocolIdentifier' &&
  (enterprise !== 0 || id !== nextHeaderId)

/** Columns of which each header of a packet within a packet has its own. */
const headerColumns: ReadonlySet<string> = new Set([
  'sourceAddress', 'destinationAddress', 'sourceTransportPort', 'destinationTransportPort',
  'protocolIdentifier', 'ipClassOfService', 'tcpControlBits', 'icmpTypeCode',
]) // prettier-ignore

/**
 * Of a packet within a packet, whose headers a record gives from the outermost to the innermost (RFC
 * 7011, section 8), the innermost counts: it says who speaks to whom. Where it says nothing, the next
 * one out does.
 */
export function preferInnermost(placed: PlacedElement[]): void {
  for (const [i, one] of placed.entries()) {
    const { action } = one.element
    if ('column' in action && headerColumns.has(action.column))
      placed[i] = { ...one, element: { ...one.element, rank: -i } }
  }
}
