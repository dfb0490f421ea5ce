/** pmacct's JSON lines: bytes and packets by common values of flows, over the whole case. */
import { FieldsBuilder } from './fields.ts'
import { emptyGolden, type Golden } from './golden.ts'
import type { Tree } from './tree.ts'

/** IANA's names for pmacct's primitives that the archive keeps. */
const names: Readonly<Record<string, string | undefined>> = {
  ip_src: 'sourceIPv4Address',
  ip_dst: 'destinationIPv4Address',
  port_src: 'sourceTransportPort',
  port_dst: 'destinationTransportPort',
  ip_proto: 'protocolIdentifier',
  tos: 'ipClassOfService',
  iface_in: 'ingressInterface',
  iface_out: 'egressInterface',
  mac_src: 'sourceMacAddress',
  mac_dst: 'destinationMacAddress',
}

/** Reads a golden: one group per line; events that are not flows have no bytes. */
export function readPmacct(source: string, text: string): Golden {
  const golden = emptyGolden(source)
  const exporters = new Set<unknown>()
  for (const line of text.split('\n')) {
    if (!line.startsWith('{')) continue
    const event = JSON.parse(line) as Tree
    if (typeof event['bytes'] !== 'number' || typeof event['packets'] !== 'number') continue
    const byField = new FieldsBuilder()
    for (const [key, value] of Object.entries(event)) {
      const name = names[key]
      if (name !== undefined) byField.add(name, value)
    }
    exporters.add(event['peer_ip_src'])
    golden.groups.push({
      byField: byField.finish(),
      octets: event['bytes'],
      packets: event['packets'],
    })
  }
  golden.exporters = exporters.size
  return golden
}
