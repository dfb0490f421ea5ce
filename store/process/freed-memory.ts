/**
 * Returns freed memory to the system. By default glibc raises its mmap threshold with each freed
 * mapping, up to 32 MiB: from then on tables and blocks of rows share the heap with small objects,
 * and stay with the process when freed. DuckDB's own allocator, jemalloc, returns memory only while
 * it is being asked for some. If these allocators or koffi are missing, nothing changes.
 */
import { readFile } from 'node:fs/promises'

type Koffi = typeof import('koffi').default

/** Parameters of mallopt, with glibc's numbers. */
const [trimThreshold, mapThreshold, arenaMax] = [-1, -3, -8]
/** Blocks of this size or more get their own mapping, which is returned when freed. */
const mappedBytesMin = 64 << 10
/** The most arenas for small blocks: each arena keeps what was freed in it. */
const arenasMax = 2
/** Means all of jemalloc's arenas. */
const allArenas = 4096

/** Limits the freed memory kept from now on; returns a function that returns the rest. */
export async function limitFreedMemory(): Promise<() => void> {
  try {
    const { default: koffi } = await import('koffi')
    const system = koffi.load(null)
    const set = system.func('int mallopt(int, int)')
    const trim = system.func('int malloc_trim(size_t)')
    set(mapThreshold, mappedBytesMin)
    set(trimThreshold, mappedBytesMin)
    set(arenaMax, arenasMax)
    const purge = await duckdbPurge(koffi)
    return () => {
      trim(0)
      purge()
    }
  } catch {
    return () => undefined
  }
}

/** Frees an array's memory at once: the garbage collector may not run for long. The array is empty afterwards. */
export function freeBuffer({ buffer }: ArrayBufferView): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}

/** A function that makes DuckDB's allocator return the memory it keeps. */
async function duckdbPurge(koffi: Koffi): Promise<() => void> {
  try {
    const path = /\S+libduckdb\.so/.exec(await readFile('/proc/self/maps', 'utf8'))![0]
    const signature = 'int duckdb_je_mallctl(const char *, void *, void *, void *, size_t)'
    const control = koffi.load(path).func(signature)
    return () => void control(`arena.${allArenas}.purge`, null, null, null, 0)
  } catch {
    return () => undefined
  }
}
