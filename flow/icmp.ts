/** ICMP and ICMPv6, which have a type and a code where TCP and UDP have ports. */

const icmp = 1
const icmp6 = 58
export const icmpProtocols: readonly number[] = [icmp, icmp6]

/** ICMP has no ports: its type, which many exporters report as one, differs between a request and its reply. */
export function isIcmp(protocol: number): boolean {
  return protocol === icmp || protocol === icmp6
}

/** Null: the flow is not ICMP, or its exporter does not say. */
export interface IcmpTypeAndCode {
  icmpType: number | null
  icmpCode: number | null
}

/** A flow's ports and icmpTypeCode, as stored. */
interface Stored {
  protocol: number
  sourcePort: number
  destinationPort: number
  icmpTypeCode: number
}

/**
 * The type and the code of a flow. 0 is both an echo reply and what is stored where nothing was reported: it is
 * taken for the reply, unless a port is set, which then means something else.
 */
export function icmpTypeAndCode(flow: Stored): IcmpTypeAndCode {
  const { protocol, sourcePort, destinationPort, icmpTypeCode } = flow
  const isSaid = icmpTypeCode !== 0 || (sourcePort === 0 && destinationPort === 0)
  if (!isIcmp(protocol) || !isSaid) return { icmpType: null, icmpCode: null }
  return { icmpType: icmpTypeCode >> 8, icmpCode: icmpTypeCode & 0xff }
}

/** Type and code as nfdump prints them (an echo request is 8.0); null if there are none. */
export function icmpText({ icmpType, icmpCode }: IcmpTypeAndCode): string | null {
  return icmpType === null || icmpCode === null ? null : `${icmpType}.${icmpCode}`
}
