/**
 * Memory that was freed goes back to the system. By default glibc raises the size from which a piece is one of its own
 * with each such piece that is freed, up to 32 MiB: from then on tables and blocks of rows lie among small things, and what
 * is freed of them stays with the process. DuckDB's own allocator, jemalloc, gives back only while memory is asked of it.
 * Where these are not found, or koffi cannot be had, all stays as it is.
 */
import { readFile } from 'node:fs/promises'

type Koffi = typeof import('koffi').default

/** Parameters of mallopt, as glibc numbers them. */
const [trimThreshold, mapThreshold, arenaMax] = [-1, -3, -8]
/** From this size on a piece is one of its own, and goes back when it is freed. */
const mappedBytesMin = 64 << 10
/** Arenas, from which threads take small pieces: each keeps what was freed in it. */
const arenasMost = 2
/** Stands for all of jemalloc's arenas. */
const allArenas = 4096

/** Sets how much freed memory is kept from now on; gives what gives back the rest. */
export async function returnFreedMemory(): Promise<() => void> {
  try {
    const { default: koffi } = await import('koffi')
    const system = koffi.load(null)
    const set = system.func('int mallopt(int, int)')
    const trim = system.func('int malloc_trim(size_t)')
    set(mapThreshold, mappedBytesMin)
    set(trimThreshold, mappedBytesMin)
    set(arenaMax, arenasMost)
    const purge = await duckdbPurge(koffi)
    return () => {
      trim(0)
      purge()
    }
  } catch {
    return () => undefined
  }
}

/** What has DuckDB's allocator give back what it keeps. */
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
