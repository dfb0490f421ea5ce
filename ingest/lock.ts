/** One writer per data folder: ingest, replay or rebuild. */
import { takeLock, writerLockPath, type Lock, type Writer } from '../store/disk/lock.ts'

/** Another process writes to the data folder. */
export class DataFolderBusy extends Error {
  readonly remedy = 'stop it, or name another folder'

  constructor(data: string) {
    super(`${data} is in use by a running ingest, replay or rebuild`)
    this.name = 'DataFolderBusy'
  }
}

/**
 * Locks the data folder for writing, and creates it if necessary.
 * @throws DataFolderBusy if another process holds it; FolderUnusable if it cannot be made or written
 */
export async function lockDataFolder(data: string, writer: Writer): Promise<Lock> {
  const lock = await takeLock(writerLockPath(data), writer)
  if (!lock) throw new DataFolderBusy(data)
  return lock
}
