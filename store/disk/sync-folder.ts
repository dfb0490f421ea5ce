/** Makes renames and new names in a folder durable. */
import { open } from 'node:fs/promises'

/** Syncs a folder. @throws if the disk refuses it */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
