import type { FlowColumns } from '../../flow/columns.ts'

/** A key of a row's flow: 53 bits of a hash of everything that tells flows apart, and of a seed. */
export function flowKey(flows: FlowColumns, row: number, seed: number): number {
  let a = seed
  let b = ~seed
  const mix = (word: number) => {
    a = Math.imul(a ^ word, 0x85ebca6b)
    a ^= a >>> 13
    b = Math.imul(b ^ word, 0xc2b2ae35)
    b ^= b >>> 16
  }
  for (let word = 2 * row; word < 2 * row + 2; word++) {
    mix(flows.sourceAddressHigh[word]!)
    mix(flows.sourceAddressLow[word]!)
    mix(flows.destinationAddressHigh[word]!)
    mix(flows.destinationAddressLow[word]!)
  }
  mix(flows.sourceTransportPort[row]! * 65_536 + flows.destinationTransportPort[row]!)
  mix(flows.icmpTypeCode[row]! * 65_536 + flows.vlanId[row]!)
  mix(
    flows.protocolIdentifier[row]! * 65_536 +
      flows.ipClassOfService[row]! * 256 +
      flows.flowDirection[row]!,
  )
  mix(flows.ingressInterface[row]!)
  mix(flows.egressInterface[row]!)
  mix(flows.ingressVRFID[row]!)
  return (a >>> 0) * 2 ** 21 + (b >>> 11)
}
