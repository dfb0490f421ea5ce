/** Conditions on addresses as loops over their columns. */
import { ipv4Marker } from '../address.ts'
import type { AddressFilter } from '../filter.ts'
import { AddressRanges } from './address-ranges.ts'
import { addressFields, type AddressColumn } from './fields.ts'
import { onBoth } from './number-test.ts'
import type { ColumnTest, DistinctAddresses, FilteredFlows } from './predicate.ts'

export function addressTest({ field, side, networks, except }: AddressFilter): ColumnTest {
  const looked: [ranges: AddressRanges, found: 0 | 1][] = [[new AddressRanges(networks), 1]]
  if (except.length > 0) looked.push([new AddressRanges(except), 0])
  const test = (column: AddressColumn): ColumnTest => {
    const [high, low] = [`${column}High`, `${column}Low`] as const
    return (flows, rows, out) => {
      const halves = distinctHalves(flows, column)
      if (halves) out.fill(0, 0, rows)
      for (const [ranges, found] of looked)
        if (halves && ranges.isLooped) ranges.testDistinct(halves, { rows, out, found })
        else ranges.test(flows[high], flows[low], { rows, out, found })
    }
  }
  const [source, destination] = addressFields[field].columns as readonly AddressColumn[]
  if (destination === undefined || side === 'source') return test(source!)
  if (side === 'destination') return test(destination)
  const onEach = onBoth(side, { source: test(source!), destination: test(destination) })
  const [[ranges]] = looked as [(typeof looked)[number]]
  if (side === 'both' || except.length > 0 || !ranges.isLooped) return onEach
  return (flows, rows, out) => {
    const ofSource = distinctHalves(flows, source!)
    const ofDestination = distinctHalves(flows, destination)
    if (!ofSource || !ofDestination) return onEach(flows, rows, out)
    out.fill(0, 0, rows)
    ranges.testDistinct(ofSource, { rows, out, found: 1 })
    ranges.testDistinct(ofDestination, { rows, out, found: 1 })
  }
}

/** Null unless both halves are known. */
function distinctHalves(flows: FilteredFlows, column: AddressColumn): DistinctAddresses | null {
  const [high, low] = [flows.distinct?.(`${column}High`), flows.distinct?.(`${column}Low`)]
  return high && low ? { high, low } : null
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
