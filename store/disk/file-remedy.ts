/** What to do about a refusal of the operating system to open, read or write a file. */

/** By the system's code of the error. */
const remedies: Readonly<Record<string, string>> = {
  EACCES: 'give it to the user that Weir runs as (chown)',
  EPERM: 'give it to the user that Weir runs as (chown)',
  EROFS: 'mount its file system for writing',
  ENOSPC: 'free disk space, or set WEIR_DATA to a folder on another disk',
  EDQUOT: 'free disk space, or set WEIR_DATA to a folder on another disk',
  EFBIG: 'free disk space, or set WEIR_DATA to a folder on another disk',
  EMFILE: 'raise the limit of open files (ulimit -n, LimitNOFILE)',
  ENFILE: 'raise the limit of open files (fs.file-max)',
  EIO: 'check the disk (dmesg, smartctl)',
}
/** System calls on addresses, where the same codes mean something else. */
const ofAddresses = ['listen', 'bind', 'connect']

/** Null if the error is none of a file, or its code says nothing. */
export function fileRemedy(error: unknown): string | null {
  const { code = '', syscall } = (error ?? {}) as NodeJS.ErrnoException
  if (syscall === undefined || ofAddresses.includes(syscall)) return null
  return remedies[code] ?? null
}
