/** Free disk space. */
import { statfs } from 'node:fs/promises'

/** Free space on a folder's volume, in percent; null if unknown. */
export async function freePercentOf(folder: string): Promise<number | null> {
  const { bavail, blocks } = await statfs(folder)
  return blocks === 0 ? null : (100 * bavail) / blocks
}
