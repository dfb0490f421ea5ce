/** What an interface counted between two samples of its counters, which wrap, restart and arrive late. */
import type { InterfaceCounters } from '../decode/sflow/counters.ts'

interface CounterDifference {
  octetsIn: number
  octetsOut: number
  packetsIn: number
  packetsOut: number
}

const words32 = 2 ** 32
const words64 = 2 ** 64
/** Without a known speed, a drop by more than half of a counter's range is a wrap. */
const wrapShareMax = 0.5
/** An interface may seem this much faster than it is, because sample times are inexact. */
const speedSlack = 1.5
/**
 * A sample with a lower number is late if it arrives this soon after the other; otherwise the
 * counters restarted.
 */
const lateMs = 5000

/** Octets that an agent does not count, as Host sFlow sends them: all ones, read as a double. */
const notCounted = words64

/**
 * The difference, or why there is none: `late` if the second sample was taken before the first,
 * `reset` if the counters restarted, `unknown` if the agent does not count octets in a direction.
 */
export function differenceOf(
  last: InterfaceCounters,
  now: InterfaceCounters,
): CounterDifference | 'late' | 'reset' | 'unknown' {
  const ahead = (now.sequence - last.sequence) | 0
  if (ahead < 0) return now.receivedMs - last.receivedMs < lateMs ? 'late' : 'reset'
  const octets = [last.octetsIn, last.octetsOut, now.octetsIn, now.octetsOut]
  if (octets.includes(notCounted)) return 'unknown'
  const seconds = Math.max(1, (now.receivedMs - last.receivedMs) / 1000)
  const octetsMax = now.speed === 0 ? Infinity : (now.speed / 8) * seconds * speedSlack
  const octetsIn = octetsBetween(last.octetsIn, now.octetsIn, octetsMax)
  const octetsOut = octetsBetween(last.octetsOut, now.octetsOut, octetsMax)
  if (octetsIn === null || octetsOut === null) return 'reset'
  return {
    octetsIn,
    octetsOut,
    packetsIn: packetsBetween(last.packetsIn, now.packetsIn),
    packetsOut: packetsBetween(last.packetsOut, now.packetsOut),
  }
}

/** Octet counters have 64 bits; some agents fill only 32. Null if the drop is not a wrap. */
function octetsBetween(last: number, now: number, most: number): number | null {
  if (now >= last) return now - last
  const size = last < words32 ? words32 : words64
  const difference = size - last + now
  return difference <= Math.min(most, size * wrapShareMax) ? difference : null
}

/** Packets are sums of 32-bit counters, each of which wraps by itself. */
function packetsBetween(last: number, now: number): number {
  return (((now - last) % words32) + words32) % words32
}
