/**
 * Has the kernel let go of what it holds of a file that is on the disk and that nobody is going to read. Otherwise a journal
 * takes memory as long as it lasts: what is written next goes where what was written last has been, which is quicker than
 * memory that was not in use lately, most of all on a virtual machine whose host first has to find it.
 */

/** Lets go of the first bytes of a file. */
export type LetGo = (descriptor: number, bytes: number) => void

/** POSIX_FADV_DONTNEED on the systems below. */
const notNeeded = 4

/** Finds the call; null where it cannot be had. */
export async function openLetGo(): Promise<LetGo | null> {
  if (process.platform !== 'linux' || !/^(x64|arm64)$/.test(process.arch)) return null
  try {
    const { default: koffi } = await import('koffi')
    const advise = koffi.load(null).func('int posix_fadvise(int, int64_t, int64_t, int)')
    return (descriptor, bytes) => void advise(descriptor, 0, bytes, notNeeded)
  } catch {
    return null
  }
}
