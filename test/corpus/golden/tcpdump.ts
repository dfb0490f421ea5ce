/** tcpdump's text of sFlow: flow samples by rate and interfaces, counters by interface. */
import { FieldsBuilder } from './fields.ts'
import { emptyGolden, type Golden } from './golden.ts'

const sample = /^\t(?:expanded )?flow sample .* rate (\d+), .* input (\d+) output (\d+) records/
const vlans = /src vlan (\d+), .*dst vlan (\d+),/
const counters = /^\s+ifindex (\d+),/
const octets = /^\s+(In|Out) octets (\d+),/
/** Larger values are not an ifIndex. */
const interfaceMax = 0x3fff_fffe

const ifIndex = (text: string | undefined): number =>
  Number(text) > interfaceMax ? 0 : Number(text)

/** Reads a golden of `tcpdump -v`. */
export function readTcpdump(source: string, text: string): Golden {
  const golden = emptyGolden(source)
  let datagram = -1
  let byField: FieldsBuilder | null = null
  let index = 0
  let octetsIn = 0
  const end = () => {
    if (byField) golden.records.push({ datagram, setId: null, byField: byField.finish() })
    byField = null
  }
  for (const line of text.split('\n')) {
    const frame = /^ *(\d+) {2}\d/.exec(line)
    const found = sample.exec(line)
    const tags = vlans.exec(line)
    const counted = octets.exec(line)
    if (frame || found) end()
    if (frame) datagram = Number(frame[1]) - 1
    if (found)
      byField = new FieldsBuilder()
        .add('samplingInterval', found[1])
        .add('ingressInterface', ifIndex(found[2]))
        .add('egressInterface', ifIndex(found[3]))
    if (tags && byField) byField.add('vlanId', tags[1]).add('postVlanId', tags[2])
    index = Number(counters.exec(line)?.[1] ?? index)
    if (counted?.[1] === 'In') octetsIn = Number(counted[2])
    if (counted?.[1] === 'Out')
      golden.counters.push({ datagram, index, octetsIn, octetsOut: Number(counted[2]) })
  }
  end()
  return golden
}
