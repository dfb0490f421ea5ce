/** Protocol, service port, direction and end of a flow as one number: half of a key in the buckets. */

/** Directions as stored; the index is the code used in keys. */
export const directions = ['in', 'out', 'internal', 'transit'] as const
/** Most addresses kept separately per interval; flows of further ones count in the row `other`. */
export const hostsMax = 1_500_000
/**
 * Most keys (host, service, direction and end) per interval and exporter, which take 256 MiB: of
 * someone who scans a large network, each flow may have another. Flows of further ones count in the
 * row `other` of hosts, under their service.
 */
export const hostKeysMax = 6_000_000
/** The number of hosts not kept separately. */
export const beyondHosts = hostsMax

/** Service ports run from −2 (none) and −1 (ephemeral) to 65535. */
const portOffset = 2
/** Bits of a port's code, so that codes are composed by shifts. */
const portBits = 17
/** Direction (2 bits) and end (1 bit) are below the port, the protocol is above it. */
const lowBits = 3
/** One more than the largest code of protocol, port, direction and end. */
export const serviceCodes = 2 ** (8 + portBits + lowBits) + 1
/** The code of a protocol's service: 0 < code < serviceCodes, with any direction and end added. */
export function serviceCode(protocol: number, port: number): number {
  return ((protocol << portBits) | (port + portOffset)) << lowBits
}

/** Whether a code counts for the sender. */
export function isSenderOf(code: number): boolean {
  return (code & 1) === 1
}

/** A code without direction and end; never 0. */
export function serviceAlone(code: number): number {
  return ((code >>> lowBits) << lowBits) | 1
}

/** The parts of a code. `isSender`: counted for the sender. */
interface ServiceOf {
  protocol: number
  port: number
  direction: number
  isSender: boolean
  /** The code of the service without direction and end, never 0. */
  code: number
}

/** Splits a code into its parts. */
export function serviceOf(code: number): ServiceOf {
  const service = code >>> lowBits
  return {
    protocol: service >>> portBits,
    port: (service & (2 ** portBits - 1)) - portOffset,
    direction: (code >>> 1) & 3,
    isSender: isSenderOf(code),
    code: serviceAlone(code),
  }
}
