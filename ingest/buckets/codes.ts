/** Protocol, service port, direction and end of a flow as one number: half of a key of the buckets. */

/** Directions as they are stored; the index is the code used in keys. */
export const directions = ['in', 'out', 'internal', 'transit'] as const
/** Addresses kept apart in an interval; flows of any more count for the row `other`. */
export const hostsMax = 1_500_000
/** The number of the hosts that are not kept apart. */
export const beyondHosts = hostsMax

/** Service ports run from −2 (none) and −1 (ephemeral) to 65535. */
const portOffset = 2
/** Codes of ports: a power of two, so that codes are put together by shifts. */
const portBits = 17
/** Direction (2 bits) and end (1 bit) stand below the port, the protocol above it. */
const lowBits = 3
/** One more than the greatest code of protocol, port, direction and end. */
export const serviceCodes = 2 ** (8 + portBits + lowBits) + 1
/** The code of a service of a protocol: 0 < code < serviceCodes with any direction and end added. */
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

/** What a code says. `isSender`: counted for the sender. */
export interface ServiceOf {
  protocol: number
  port: number
  direction: number
  isSender: boolean
  /** The code of the service alone, which is never 0. */
  code: number
}

/** A code taken apart. */
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
