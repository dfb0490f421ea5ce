/** Room on the disk. */
import { statfs } from 'node:fs/promises'

/** Room that is free where a folder lies, in percent; null where that cannot be said. */
export async function freePercentOf(folder: string): Promise<number | null> {
  const { bavail, blocks } = await statfs(folder)
  return blocks === 0 ? null : (100 * bavail) / blocks
}
