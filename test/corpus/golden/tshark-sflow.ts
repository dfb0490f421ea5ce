/** tshark's JSON of sFlow: datagram → sample → records. */
import { FieldsBuilder } from './fields.ts'
import type { Golden } from './golden.ts'
import { isTree, leavesOf, type Tree } from './tree.ts'
import { readFrame } from './tshark-frame.ts'
import { address, mac, number } from './value.ts'

/** Stands for the agent itself. */
const internalInterface = 0x3fff_ffff

/** Adds the samples of one datagram. */
export function readSflow(golden: Golden, datagram: number, layer: Tree): void {
  for (const [key, value] of Object.entries(layer)) {
    for (const sample of [value].flat()) {
      if (!isTree(sample)) continue
      if (/flow sample/i.test(key)) {
        const byField = readSample(sample)
        golden.records.push({ datagram, setId: null, byField: byField.finish() })
      } else if (/counters sample/i.test(key)) readCounters(golden, datagram, sample)
    }
  }
}

type First = (key: string) => unknown

function readSample(sample: Tree): FieldsBuilder {
  const leaves = leavesOf(sample)
  const byField = new FieldsBuilder()
  const first: First = (key) => leaves.get(key)?.[0]
  byField.add('samplingInterval', first('sflow.flow_sample.sampling_rate'))
  readInterfaces(byField, first)
  readFrame(byField, leaves)
  byField.add('vlanId', first('sflow_245.vlan.in')).add('postVlanId', first('sflow_245.vlan.out'))
  const nextHop = address(first('sflow_245.nexthop'))
  if (nextHop !== null) byField.set('nextHopAddress', nextHop)
  byField.add('sourceIPv4PrefixLength', first('sflow_245.nexthop.src_mask'))
  byField.add('destinationIPv4PrefixLength', first('sflow_245.nexthop.dst_mask'))
  for (const [key, field] of [
    ['sflow_245.ethernet.source_mac_address', 'sourceMacAddress'],
    ['sflow_245.ethernet.destination_mac_address', 'destinationMacAddress'],
  ] as const) {
    const value = mac(first(key))
    if (value !== null && first(key) !== undefined) byField.set(field, value, 1e6)
  }
  // The packet's own length, or the frame's without its stripped bytes.
  const frame = number(first('sflow_245.header.frame_length'))
  const stripped = Number(number(first('sflow_245.header.payload_stripped')) ?? 0)
  const ipv6Bytes = number(first('ipv6.plen'))
  if (ipv6Bytes !== null && first('ip.len') === undefined)
    byField.set('octetDeltaCount', Number(ipv6Bytes) + 40)
  if (frame !== null) byField.set('octetDeltaCount', Math.max(0, Number(frame) - stripped), 1e6)
  return byField
}

/** Interfaces in either form; formats other than ifIndex give none. */
function readInterfaces(byField: FieldsBuilder, first: First): void {
  for (const [direction, name] of [['input', 'ingressInterface'], ['output', 'egressInterface']] as const) {
    const at = `sflow.flow_sample.${direction}_interface`
    const format = Number(number(first(`${at}_format`)) ?? number(first(`${at}.format`)) ?? 0)
    const value = Number(number(first(`${at}_value`)) ?? number(first(at)) ?? 0)
    byField.add(name, format !== 0 || value === internalInterface ? 0 : value)
  } // prettier-ignore
}

function readCounters(golden: Golden, datagram: number, sample: Tree): void {
  const leaves = leavesOf(sample)
  const column = (key: string) =>
    leaves.get(`sflow_245.${key}`)?.map((value) => Number(value)) ?? []
  const [octetsIn, octetsOut] = [column('ifinoct'), column('ifoutoct')]
  column('ifindex').forEach((index, i) => {
    const [inward, outward] = [octetsIn[i], octetsOut[i]]
    if (inward !== undefined && outward !== undefined)
      golden.counters.push({ datagram, index, octetsIn: inward, octetsOut: outward })
  })
}
