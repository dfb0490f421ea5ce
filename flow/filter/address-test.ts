/** Conditions on addresses as loops over their columns. */
import { ipv4Marker } from '../address.ts'
import type { AddressFilter } from '../filter.ts'
import { AddressRanges } from './address-ranges.ts'
import { addressFields, type AddressColumn } from './fields.ts'
import { onBoth } from './number-test.ts'
import type { ColumnTest } from './predicate.ts'

export function addressTest({ field, side, networks, except }: AddressFilter): ColumnTest {
  const looked: [ranges: AddressRanges, found: 0 | 1][] = [[new AddressRanges(networks), 1]]
  if (except.length > 0) looked.push([new AddressRanges(except), 0])
  const test = (column: AddressColumn): ColumnTest => {
    const [high, low] = [`${column}High`, `${column}Low`] as const
    return (flows, rows, out) => {
      const [highs, lows] = [flows.distinct?.(high), flows.distinct?.(low)]
      for (const [ranges, found] of looked)
        if (highs && lows && ranges.isLooped) ranges.testDistinct(highs, lows, { rows, out, found })
        else ranges.test(flows[high], flows[low], { rows, out, found })
    }
  }
  const [source, destination] = addressFields[field].columns as readonly AddressColumn[]
  if (destination === undefined || side === 'source') return test(source!)
  if (side === 'destination') return test(destination)
  return onBoth(side, { source: test(source!), destination: test(destination) })
}

/** Both addresses are IPv4, or neither is. */
export function familyTest(version: 4 | 6): ColumnTest {
  const wanted = version === 4 ? 1 : 0
  return (flows, rows, out) => {
    const { sourceAddressHigh, sourceAddressLow } = flows
    const { destinationAddressHigh, destinationAddressLow } = flows
    for (let i = 0; i < rows; i++) {
      const source = isIPv4(sourceAddressHigh, sourceAddressLow, i)
      const destination = isIPv4(destinationAddressHigh, destinationAddressLow, i)
      out[i] = source === wanted && destination === wanted ? 1 : 0
    }
  }
}

function isIPv4(high: Uint32Array, low: Uint32Array, row: number): 0 | 1 {
  const isMapped = (high[2 * row]! | high[2 * row + 1]!) === 0
  return isMapped && low[2 * row + 1] === ipv4Marker ? 1 : 0
}
