/** Finds the IP packet in a captured frame: link layers by type, tags, labels and PPP. */

/** Where a link layer's payload starts, and, except for plain IP, which protocol it is. */
interface LinkType {
  /** Bytes before the payload. */
  header: number
  /** The offset of the ethertype; null: the payload is IP. */
  typeOffset: number | null
  /** The payload is PPP, with a protocol number instead of an ethertype. */
  isPpp?: true
}

const ip: LinkType = { header: 0, typeOffset: null }

const ethernet = 1

/** By number (tcpdump.org/linktypes.html). */
const linkTypes: Readonly<Record<number, LinkType>> = {
  0: { header: 4, typeOffset: null }, // BSD loopback
  [ethernet]: { header: 14, typeOffset: 12 },
  9: { header: 0, typeOffset: null, isPpp: true },
  12: ip, // as some systems number it
  14: ip, // as OpenBSD numbers it
  50: { header: 0, typeOffset: null, isPpp: true }, // PPP in HDLC framing
  51: { header: 6, typeOffset: null, isPpp: true }, // PPPoE without Ethernet
  101: ip,
  104: { header: 4, typeOffset: 2 }, // Cisco HDLC
  108: { header: 4, typeOffset: null }, // OpenBSD loopback
  109: { header: 12, typeOffset: null }, // enc(4), IPsec of the BSDs
  113: { header: 16, typeOffset: 14 }, // Linux cooked
  228: ip, // IPv4
  229: ip, // IPv6
  276: { header: 20, typeOffset: 0 }, // Linux cooked v2
}

const vlanTags = new Set([0x8100, 0x88a8, 0x9100, 0x9200])
const mplsTypes = new Set([0x8847, 0x8848])
const ipTypes = new Set([0x0800, 0x86dd])
const pppoeSession = 0x8864
const pppoeHeaderBytes = 6
/** PPP's protocol numbers for IPv4 and IPv6. */
const pppIp = new Set([0x0021, 0x0057])
/** Address and control bytes, which precede PPP's protocol unless omitted (RFC 1662). */
const pppAddressAndControl = 0xff03
/** The bottom-of-stack bit of an MPLS label. */
const bottomOfStack = 0x100

/** Whether a link type is supported. */
export function knownLinkType(linkType: number): boolean {
  return Object.hasOwn(linkTypes, linkType)
}

/** The offset of the IP packet in a frame, or -1 if there is none or the frame is truncated before it. */
export function ipOffset(view: DataView, linkType: number): number {
  const link = linkTypes[linkType]
  if (!link) return -1
  try {
    if (link.isPpp) return afterPpp(view, link.header)
    if (link.typeOffset === null) return link.header
    return afterType(view, view.getUint16(link.typeOffset), link.header)
  } catch (error) {
    if (error instanceof RangeError) return -1
    throw error
  }
}

/** The offset of the IP packet in an Ethernet frame that starts at `at`, or -1 if there is none. */
export function frameIpOffset(view: DataView, at: number): number {
  const { header, typeOffset } = linkTypes[ethernet]!
  return afterType(view, view.getUint16(at + typeOffset!), at + header)
}

function afterType(view: DataView, ethertype: number, header: number): number {
  let [type, offset] = [ethertype, header]
  while (vlanTags.has(type)) {
    type = view.getUint16(offset + 2)
    offset += 4
  }
  if (type === pppoeSession) return afterPpp(view, offset + pppoeHeaderBytes)
  if (mplsTypes.has(type)) return afterLabels(view, offset)
  return ipTypes.has(type) ? offset : -1
}

function afterPpp(view: DataView, header: number): number {
  const offset = view.getUint16(header) === pppAddressAndControl ? header + 2 : header
  return pppIp.has(view.getUint16(offset)) ? offset + 2 : -1
}

/** Labels do not identify their payload; only an IP packet has an IP version in its first byte. */
function afterLabels(view: DataView, first: number): number {
  let offset = first
  while ((view.getUint32(offset) & bottomOfStack) === 0) offset += 4
  return offset + 4
}
