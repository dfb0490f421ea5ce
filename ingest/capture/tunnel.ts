/** Tunnels around captured packets: IP in IP, GRE (RFC 2784, RFC 2890) and ERSPAN. */
import { frameIpOffset } from './link.ts'

/** IP protocol numbers of tunnels. */
const protocols = { ipv4: 4, ipv6: 41, gre: 47 }
const etherTypes = {
  ipv4: 0x0800,
  ipv6: 0x86dd,
  bridged: 0x6558,
  erspan: 0x88be,
  erspan3: 0x22eb,
}
/** Bits of GRE's first word: optional fields, and the version. */
const gre = { checksum: 0x8000, key: 0x2000, sequence: 0x1000, version: 0x7 }
/** The length of ERSPAN's header: absent in type I, which has no sequence number. */
const erspanBytes = 8
const erspan3Bytes = 12
const erspan3OptionalBytes = 8

/** The offset of the inner packet in an IP packet, or -1 if it has none; `at` is the end of the outer header. */
export function innerIpOffset(view: DataView, at: number, protocol: number): number {
  try {
    if (protocol === protocols.ipv4 || protocol === protocols.ipv6) return at
    return protocol === protocols.gre ? behindGre(view, at) : -1
  } catch (error) {
    if (error instanceof RangeError) return -1
    throw error
  }
}

function behindGre(view: DataView, at: number): number {
  const flags = view.getUint16(at)
  if ((flags & gre.version) !== 0) return -1
  const has = (flag: number) => (flags & flag) !== 0
  const fields = [gre.checksum, gre.key, gre.sequence].filter(has).length
  const offset = at + 4 + 4 * fields
  switch (view.getUint16(at + 2)) {
    case etherTypes.ipv4:
    case etherTypes.ipv6:
      return offset
    case etherTypes.bridged:
      return frameIpOffset(view, offset)
    case etherTypes.erspan:
      return frameIpOffset(view, offset + (has(gre.sequence) ? erspanBytes : 0))
    case etherTypes.erspan3: {
      const hasOptional = (view.getUint8(offset + erspan3Bytes - 1) & 1) !== 0
      return frameIpOffset(view, offset + erspan3Bytes + (hasOptional ? erspan3OptionalBytes : 0))
    }
    default:
      return -1
  }
}
