/** What an interface counted between two samples of its counters, which wrap, begin anew and come late. */
import type { InterfaceCounters } from '../decode/sflow/counters.ts'

export interface CounterDifference {
  octetsIn: number
  octetsOut: number
  packetsIn: number
  packetsOut: number
}

const words32 = 2 ** 32
const words64 = 2 ** 64
/** Without a known speed, a fall of more than half of what a counter can hold is a wrap. */
const wrapShareMost = 0.5
/** An interface may seem this much faster than it is, because samples are not taken on the second. */
const speedSlack = 1.5
/** A sample of a lower number is a late one when it comes so soon after the other, else counters began anew. */
const lateMs = 5000

/**
 * The difference, or why there is none: `late` where the second sample was taken before the first,
 * `reset` where counters began anew or stand still as unknown.
 */
export function differenceOf(
  last: InterfaceCounters,
  now: InterfaceCounters,
): CounterDifference | 'late' | 'reset' {
  const ahead = (now.sequence - last.sequence) | 0
  if (ahead < 0) return now.receivedMs - last.receivedMs < lateMs ? 'late' : 'reset'
  const seconds = Math.max(1, (now.receivedMs - last.receivedMs) / 1000)
  const octetsMost = now.speed === 0 ? Infinity : (now.speed / 8) * seconds * speedSlack
  const octetsIn = octetsBetween(last.octetsIn, now.octetsIn, octetsMost)
  const octetsOut = octetsBetween(last.octetsOut, now.octetsOut, octetsMost)
  if (octetsIn === null || octetsOut === null) return 'reset'
  return {
    octetsIn,
    octetsOut,
    packetsIn: packetsBetween(last.packetsIn, now.packetsIn),
    packetsOut: packetsBetween(last.packetsOut, now.packetsOut),
  }
}

/** Octet counters have 64 bits; some agents fill them from 32. Null where the fall is no wrap. */
function octetsBetween(last: number, now: number, most: number): number | null {
  if (now >= last) return now - last
  const size = last < words32 ? words32 : words64
  const difference = size - last + now
  return difference <= Math.min(most, size * wrapShareMost) ? difference : null
}

/** Packets are sums of counters of 32 bits, each of which wraps for itself. */
function packetsBetween(last: number, now: number): number {
  return (((now - last) % words32) + words32) % words32
}
