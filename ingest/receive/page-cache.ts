/**
 * Drops pages of synced files that nobody will read from the page cache. Otherwise a journal takes
 * memory for as long as it exists. And new bytes go into the memory of the last ones, which is
 * faster than memory not used lately, above all on a virtual machine, where the host has to find it
 * first.
 */

/** Drops the first bytes of a file from the page cache. */
export type DropPages = (descriptor: number, bytes: number) => void

/** POSIX_FADV_DONTNEED on the systems below. */
const notNeeded = 4

/** Finds the system call; null if it is not available. */
export async function openDropPages(): Promise<DropPages | null> {
  if (process.platform !== 'linux' || !/^(x64|arm64)$/.test(process.arch)) return null
  try {
    const { default: koffi } = await import('koffi')
    const advise = koffi.load(null).func('int posix_fadvise(int, int64_t, int64_t, int)')
    return (descriptor, bytes) => void advise(descriptor, 0, bytes, notNeeded)
  } catch {
    return null
  }
}
