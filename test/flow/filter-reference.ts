/** Whether a filter matches a flow, by a naive implementation of flow/filter.ts, for comparison. */
import { NetworkSet } from '../../flow/address.ts'
import type { Filter, Side } from '../../flow/filter.ts'
import type { AddressFieldName, BitsFieldName, NumberFieldName } from '../../flow/filter/fields.ts'

/** A flow's values by field: one, or the source's and the destination's. */
export interface FlowValues {
  numbers: Partial<Record<NumberFieldName, readonly number[]>>
  addresses: Partial<Record<AddressFieldName, readonly string[]>>
  bits: Partial<Record<BitsFieldName, number>>
}

export function holds(filter: Filter, values: FlowValues): boolean {
  switch (filter.kind) {
    case 'any':
      return true
    case 'and':
      return filter.terms.every((term) => holds(term, values))
    case 'or':
      return filter.terms.some((term) => holds(term, values))
    case 'not':
      return !holds(filter.term, values)
    case 'family':
      return values.addresses.address!.every(
        (each) => each.includes(':') === (filter.version === 6),
      )
    case 'number': {
      const has = (value: number) =>
        filter.ranges.some(([least, most]) => value >= least && value <= most)
      return onSide(filter.side, values.numbers[filter.field]!, has)
    }
    case 'address': {
      const [inside, outside] = [new NetworkSet(filter.networks), new NetworkSet(filter.except)]
      const has = (text: string) => inside.hasText(text) && !outside.hasText(text)
      return onSide(filter.side, values.addresses[filter.field]!, has)
    }
    case 'bits': {
      const masked = values.bits[filter.field]! & filter.mask
      return filter.test === 'any' ? masked !== 0 : masked === filter.value
    }
  }
}

function onSide<Value>(
  side: Side,
  [source, destination]: readonly Value[],
  has: (value: Value) => boolean,
): boolean {
  if (destination === undefined || side === 'source') return has(source!)
  if (side === 'destination') return has(destination)
  return side === 'both' ? has(source!) && has(destination) : has(source!) || has(destination)
}
