/** tshark's table: one line per datagram, each column with the values of all its records. */
import { fieldOf } from './fields.ts'
import { emptyGolden, type Golden } from './golden.ts'

const names: Readonly<Record<string, readonly string[]>> = {
  sourceIPv4Address: ['cflow.srcaddr', 'cflow.srcaddrv6'],
  destinationIPv4Address: ['cflow.dstaddr', 'cflow.dstaddrv6'],
  sourceTransportPort: ['cflow.srcport'],
  destinationTransportPort: ['cflow.dstport'],
  protocolIdentifier: ['cflow.protocol'],
  octetDeltaCount: ['cflow.octets'],
  packetDeltaCount: ['cflow.packets'],
  ingressInterface: ['cflow.inputint'],
  egressInterface: ['cflow.outputint'],
}

/** Reads a golden of tab-separated columns whose first line names them. */
export function readTable(source: string, text: string): Golden {
  const golden = emptyGolden(source)
  const [head = '', ...lines] = text.split('\n')
  const keys = head.split('\t')
  for (const line of lines) {
    if (line.trim() === '') continue
    const cells = line.split('\t')
    const cell = (key: string) => cells[keys.indexOf(key)] ?? ''
    const datagram = Number(cell('frame.number')) - 1
    for (const [name, columns] of Object.entries(names)) {
      const { field, read } = fieldOf(name)!
      const values = columns
        .flatMap((key) => cell(key).split(','))
        .filter((text_) => text_ !== '')
        .map(read)
        .filter((value) => value !== null)
      golden.columns.push({ datagram, field, values })
    }
  }
  return golden
}
