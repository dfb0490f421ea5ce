/** The kernel's limits on the receive buffers of sockets. */
import { readFileSync, writeFileSync } from 'node:fs'

/**
 * The most that a socket may ask for, and the default of one that does not ask, such as goflow2's.
 */
const limitFiles = ['/proc/sys/net/core/rmem_max', '/proc/sys/net/core/rmem_default']

/**
 * Raises the limits to `bytes` where they are lower, which only root may; elsewhere nothing
 * happens. Returns what restores them. An untuned machine of old holds a third of a second of a
 * test's load, and one that stands still for longer would fail the test.
 */
export function raiseReceiveBuffers(bytes: number): () => void {
  const raised = limitFiles.flatMap((file) => {
    try {
      const before = readFileSync(file, 'utf8')
      if (Number(before) >= bytes) return []
      writeFileSync(file, String(bytes))
      return [{ file, before }]
    } catch (error) {
      console.log(`${file} stays as it is: ${(error as Error).message}`)
      return []
    }
  })
  return () => {
    for (const { file, before } of raised) writeFileSync(file, before)
  }
}
