/** Tunnels: packets of many hosts within those of two gateways, so that flows do not show whose they are. */

/** Protocols that carry packets, by their IANA number. */
const protocols: Record<number, string> = {
  4: 'IP in IP',
  41: 'IPv6 in IP',
  47: 'GRE',
  50: 'ESP',
  97: 'EtherIP',
  115: 'L2TP',
}

const udp = 17
const esp = 50
/** UDP ports of tunnels: IANA's, and that of WireGuard's documentation. */
const udpPorts: Record<number, string> = {
  1194: 'OpenVPN',
  1701: 'L2TP',
  4500: protocols[esp]!,
  4789: 'VXLAN',
  51820: 'WireGuard',
}
/** The other end of a tunnel has the same port or one of no service; QUIC from port 51820 is none. */
const servicePortsMax = 1023

/** The name of the tunnel whose outside a record seems to be, by protocol or port; null if it is none. */
export function tunnelOf(protocol: number, sourcePort: number, destinationPort: number) {
  if (protocol !== udp) return protocols[protocol] ?? null
  if (Math.min(sourcePort, destinationPort) <= servicePortsMax) return null
  return udpPorts[destinationPort] ?? udpPorts[sourcePort] ?? null
}
