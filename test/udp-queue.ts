/** Programs that receive UDP, and what waits for them in the kernel. */
import { readFile } from 'node:fs/promises'

import { until } from './until.ts'

/** Bytes received at a port of IPv4 that its program has not read yet; null if nothing listens there. */
async function unreadBytes(port: number): Promise<number | null> {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const lines = (await readFile('/proc/net/udp', 'utf8')).split('\n')
  // Columns: number, local address, remote address, state, bytes to send and to read, …
  const columns = lines.map((line) => line.trim().split(/\s+/))
  const queues = columns.find(([, local]) => local?.endsWith(hex))?.[4]
  return queues === undefined ? null : Number.parseInt(queues.split(':')[1]!, 16)
}

/** Waits until a program listens at a port. */
export function untilListening(port: number): Promise<void> {
  return until(async () => (await unreadBytes(port)) !== null)
}

/** Waits until the program at a port has read all that was sent to it. */
export function untilRead(port: number): Promise<void> {
  return until(async () => (await unreadBytes(port)) === 0)
}
