/** Files in the archive's folder that the manifest does not name. */
import { mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { stagingFolder, unlistedFolder, unreadableFolder } from '../entry.ts'

const foldersBeside = [stagingFolder, unlistedFolder, unreadableFolder]

/**
 * Moves files aside that the manifest does not name (after a crash between writing and publishing),
 * where nothing reads them; additional names of listed files are deleted.
 */
export async function putAsideUnlisted(
  root: string,
  listed: ReadonlySet<string>,
  folder = '',
): Promise<void> {
  // Folder by folder: a recursive `readdir` queries the type of each file, which takes ten times as long.
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) {
      if (!foldersBeside.includes(path)) await putAsideUnlisted(root, listed, path)
      continue
    }
    if (!path.endsWith('.parquet') || listed.has(path)) continue
    if ((await stat(join(root, path))).nlink > 1) await rm(join(root, path))
    else await putAside(root, path, unlistedFolder)
  }
}

/** Whether there are files that the archive's manifest must have listed. */
export async function hasFiles(root: string): Promise<boolean> {
  for (const name of await readdir(root)) {
    if (foldersBeside.includes(name) || name.includes('.')) continue
    const files = await readdir(join(root, name), { recursive: true })
    if (files.some((file) => file.endsWith('.parquet'))) return true
  }
  return false
}

/** Moves a file into one of the folders beside the archive, under a name that tells its origin. */
export async function putAside(root: string, file: string, folder: string): Promise<void> {
  await mkdir(join(root, folder), { recursive: true, mode: 0o700 })
  await rename(join(root, file), join(root, folder, file.replaceAll('/', '_')))
}

/** Deletes a file, and the folders that this leaves empty. */
export async function remove(root: string, file: string): Promise<void> {
  await rm(join(root, file), { force: true })
  for (let at = dirname(file); at !== '.'; at = dirname(at)) {
    const left = await readdir(join(root, at)).catch(() => ['gone'])
    if (left.length > 0) return
    await rmdir(join(root, at))
  }
}
