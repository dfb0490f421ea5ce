/** Fourteen days of an office in which nothing is wrong, as one capture per day. */
import { join } from 'node:path'

import { writeCapture } from '../encode/pcap-write.ts'
import { seeded } from '../random.ts'
import { Meter } from './meter.ts'
import { browse, Line, type OfficeOptions } from './packets.ts'

const dayMs = 86_400_000
const hourMs = 3_600_000
/** A Monday, 2026-11-02. */
const firstDay = Date.UTC(2026, 10, 2)
const hosts = Array.from({ length: 12 }, (_, i) => `10.0.0.${20 + i}`)
const sites = Array.from({ length: 80 }, (_, i) => `198.51.100.${1 + i}`)

/**
 * Connections per hour and host: people come from 7 to 9, have lunch at noon, and leave from 16 to
 * 18.
 */
function perHour(t: number): number {
  const day = new Date(t).getUTCDay()
  const hour = (t % dayMs) / hourMs
  if (day === 0 || day === 6) return 1.5
  if (hour < 7 || hour >= 18.5) return 2
  if (hour < 9) return 2 + (hour - 7) * 60
  if (hour >= 16) return Math.max(2, 120 - (hour - 16) * 48)
  return hour >= 12 && hour < 13 ? 35 : 120
}

/** Writes the captures of `days` days and returns their paths. */
export async function fortnight(folder: string, days = 14): Promise<string[]> {
  const random = seeded(2026)
  const meter = new Meter({ activeMs: 60_000, inactiveMs: 15_000 }, firstDay)
  const paths: string[] = []
  for (let day = 0; day < days; day++) {
    const line = new Line([], random)
    const from = firstDay + day * dayMs
    browse(line, { from, to: from + dayMs, hosts, sites, perHour } satisfies OfficeOptions, random)
    addHabits(line, from, random)
    line.packets.sort((a, b) => a.time - b.time)
    for (const packet of line.packets) meter.take(packet)
    if (day === days - 1) meter.end()
    const path = join(folder, `day-${day}.pcap`)
    await writeCapture(path, '192.168.9.1', meter.sent())
    paths.push(path)
  }
  return paths
}

/**
 * The backup at two, the batch job at half past three, calls, and large downloads that the line can
 * bear.
 */
function addHabits(line: Line, from: number, random: () => number): void {
  const isWeekend = [0, 6].includes(new Date(from).getUTCDay())
  const jitter = () => Math.floor(random() * 600_000)
  line.transfer({
    start: from + 2 * hourMs + jitter(),
    seconds: 1200,
    client: '10.0.0.5',
    server: '203.0.113.10',
    clientPort: 40_000,
    serverPort: 22,
    bytes: 1.2e9,
    direction: 'up',
  })
  for (let i = 0; i < 10; i++)
    line.transfer({
      start: from + 3.5 * hourMs + i * 60_000,
      seconds: 45,
      client: '10.0.0.6',
      server: sites[i]!,
      clientPort: 41_000 + i,
      serverPort: 443,
      bytes: 5e7,
      direction: 'down',
    })
  if (isWeekend) return
  for (const hour of [9.5, 14]) {
    const start = from + hour * hourMs + jitter()
    for (const direction of ['down', 'up'] as const)
      line.transfer({
        start,
        seconds: 1800,
        client: hosts[3]!,
        server: '198.51.100.90',
        clientPort: direction === 'down' ? 50_001 : 50_002,
        serverPort: 3478,
        bytes: 4e8,
        direction,
        protocol: 17,
      })
  }
  for (let i = 0; i < 3; i++)
    line.transfer({
      start: from + 9 * hourMs + random() * 7 * hourMs,
      seconds: 60 + random() * 200,
      client: hosts[Math.floor(random() * hosts.length)]!,
      server: '203.0.113.99',
      clientPort: 42_000 + i,
      serverPort: 443,
      bytes: 3e8 + random() * 1.2e9,
      direction: 'down',
    })
}
