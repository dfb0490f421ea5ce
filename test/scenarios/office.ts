/** The packets of an office, and what its hosts do in it. */
import { seeded } from '../random.ts'
import type { MeterOptions } from './meter.ts'
import { browse, Line, type Cut, type Packet } from './packets.ts'

/** A Tuesday, 2026-11-17 09:00 UTC. */
export const morning = Date.UTC(2026, 10, 17, 9)
export const minute = 60_000
export const hosts = (count: number) => Array.from({ length: count }, (_, i) => `10.0.0.${10 + i}`)
export const sites = Array.from({ length: 120 }, (_, i) => `198.51.100.${1 + i}`)
export const usual: MeterOptions = { activeMs: 60_000, inactiveMs: 15_000 }
export const span = { from: morning, to: morning + 40 * minute }
export const cutAt = morning + 20 * minute + 7000

interface Morning {
  seed: number
  cuts?: readonly Cut[]
  /** Connections per hour and host. */
  perHour?: number
  hosts?: readonly string[]
  span?: { from: number; to: number }
  more?: (line: Line, random: () => number) => void
}

/** The packets of an office at work. */
export function office(given: Morning): () => Packet[] {
  return () => {
    const random = seeded(given.seed)
    const line = new Line(given.cuts ?? [], random)
    const { perHour = 300 } = given
    const who = given.hosts ?? hosts(25)
    browse(line, { ...(given.span ?? span), hosts: who, sites, perHour: () => perHour }, random)
    given.more?.(line, random)
    return line.packets.sort((a, b) => a.time - b.time)
  }
}

export interface Taking {
  client: string
  from: number
  seconds: number
  connections: number
  bytes: number
  server?: (i: number) => string
  direction?: 'down' | 'up'
}

/** One host moves much traffic, over connections that it opens within some seconds. */
export function take(line: Line, given: Taking): void {
  const { client, from, seconds, connections, bytes, direction = 'down' } = given
  const server = given.server ?? (() => '203.0.113.80')
  const gap = Math.min(50, 8000 / connections)
  for (let i = 0; i < connections; i++)
    line.transfer({
      start: from + i * gap,
      seconds: seconds - (i * gap) / 1000,
      client,
      server: server(i),
      clientPort: 20_000 + i,
      serverPort: 443,
      bytes: Math.round(bytes / connections),
      direction,
    })
}

/** One host tries to open connections, evenly, and gets no answer. */
export function tries(
  line: Line,
  given: { from: number; to: number; client: string; count: number },
): void {
  const { from, to, client, count } = given
  for (let i = 0; i < count; i++)
    line.packets.push({
      time: from + (i * (to - from)) / count,
      source: client,
      destination: `203.0.${i % 200}.${1 + (Math.floor(i / 200) % 250)}`,
      sourcePort: 1024 + (i % 60_000),
      destinationPort: 445,
      protocol: 6,
      bytes: 44,
      tcpFlags: 2,
    })
}
