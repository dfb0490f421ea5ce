/** What the kernel grants and drops of the sockets' datagrams. */
import type { Socket } from 'node:dgram'
import { readFile } from 'node:fs/promises'

/** Linux doubles the requested size for its own bookkeeping, and reports the doubled value. */
export function grantedBytes(socket: Socket): number {
  return socket.getRecvBufferSize() / (process.platform === 'linux' ? 2 : 1)
}

/** Drops by local UDP port from /proc/net/udp and udp6 (last column), or null if neither exists. */
export async function readKernelDrops(): Promise<Map<number, number> | null> {
  const drops = new Map<number, number>()
  for (const path of ['/proc/net/udp', '/proc/net/udp6']) {
    const table = await readFile(path, 'utf8').catch(() => null)
    if (table === null) continue
    for (const line of table.trim().split('\n').slice(1)) {
      const columns = line.trim().split(/\s+/)
      const port = Number.parseInt(columns[1]?.split(':')[1] ?? '', 16)
      drops.set(port, (drops.get(port) ?? 0) + Number(columns.at(-1)))
    }
  }
  return drops.size === 0 ? null : drops
}
