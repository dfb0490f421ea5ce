/** Creates folders of the data folder; a failure is one line that says what to do. */
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

const mode = 0o700

/** A folder that cannot be created or written to, for a reason that an administrator can fix. */
export class FolderUnusable extends Error {
  readonly remedy: string

  constructor(path: string, cause: NodeJS.ErrnoException) {
    const { why, remedy } = reasons[cause.code ?? ''] ?? {
      why: cause.message,
      remedy: 'look at that folder, or name another in WEIR_DATA',
    }
    super(`${path} cannot be written: ${why}`, { cause })
    this.name = 'FolderUnusable'
    this.remedy = remedy
  }
}

interface Reason {
  why: string
  remedy: string
}

const notOurs: Reason = {
  why: 'this user has no permission',
  remedy: 'give the user that Weir runs as the folder (chown), or name another in WEIR_DATA',
}
const noFolder: Reason = {
  why: 'part of that path is a file, not a folder',
  remedy: 'move the file away, or name another folder in WEIR_DATA',
}
const full: Reason = {
  why: 'the disk is full',
  remedy: 'make room, or name a folder on another disk in WEIR_DATA',
}

const reasons: Readonly<Record<string, Reason | undefined>> = {
  EACCES: notOurs,
  EPERM: notOurs,
  EEXIST: noFolder,
  ENOTDIR: noFolder,
  ENOSPC: full,
  EDQUOT: full,
  EROFS: {
    why: 'its file system is mounted read-only',
    remedy: 'mount it for writing, or name another folder in WEIR_DATA',
  },
  ENAMETOOLONG: {
    why: 'its path is too long',
    remedy: 'name a shorter path in WEIR_DATA, such as a symbolic link to the folder',
  },
  ENOENT: {
    why: 'no folder can be made there',
    remedy: 'name a folder on a disk in WEIR_DATA',
  },
}

/**
 * Creates a folder and its missing parents. One by one: Node's own recursive mkdir loops for ever in
 * /proc, where nothing can be created and the error is "not there".
 * @throws FolderUnusable if it cannot be created
 */
export async function makeFolder(path: string): Promise<void> {
  const error = await tryToMake(path)
  if (error === null) return
  const above = dirname(path)
  if (error.code !== 'ENOENT' || above === path || (await isFolder(above)))
    throw new FolderUnusable(path, error)
  await makeFolder(above)
  const again = await tryToMake(path)
  if (again) throw new FolderUnusable(path, again)
}

/** Null if the folder exists now. */
async function tryToMake(path: string): Promise<NodeJS.ErrnoException | null> {
  try {
    await mkdir(path, { mode })
    return null
  } catch (error) {
    const failure = error as NodeJS.ErrnoException
    return failure.code === 'EEXIST' && (await isFolder(path)) ? null : failure
  }
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
