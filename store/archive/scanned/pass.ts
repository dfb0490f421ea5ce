/**
 * One pass through row groups for all scans with the same filter: a page's queries arrive together,
 * and most of the cost is reading columns and filtering. A scan that joins late starts with the
 * groups the others still need; those they already had follow.
 */
import type { GroupToScan } from './scanner.ts'

/**
 * Adds a row group to scans in a thread; returns, in order, the keys each distinguishes so far,
 * null for a failed one.
 */
type TakeGroup = (thread: number, taken: GroupForScans) => Promise<readonly (number | null)[]>

export interface GroupForScans {
  path: string
  group: number
  scans: readonly { id: number; isInside: boolean }[]
}

export interface PassScan {
  groups: readonly GroupToScan[]
  /** Throws if the scan must be abandoned. */
  goesOn: () => void
  /** The scan stops once a thread distinguishes more keys. */
  keysMax: number
  /** Called with the share that is done. */
  progress: ((share: number) => void) | undefined
}

interface RunningScan extends PassScan {
  id: number
  /** The row groups not yet given to any thread, by file and number. */
  wanted: Map<string, GroupToScan>
  /** The number of row groups added. */
  done: number
  /** The most keys distinguished by any thread. */
  keys: number
  resolve: (keys: number) => void
  reject: (error: unknown) => void
}

/** Requests in flight per thread, so that it never waits for the next. */
export const requestsPerThread = 2

export class Pass {
  readonly #take: TakeGroup
  /** In order of arrival. */
  readonly #scans = new Set<RunningScan>()
  /** Requests in flight, by thread. */
  readonly #running: number[]

  constructor(threads: number, take: TakeGroup) {
    this.#take = take
    this.#running = Array.from({ length: threads }, () => 0)
  }

  /**
   * Adds row groups to a scan: all of them, unless it fails (its result then says why) or
   * distinguishes too many keys. Resolves to the most keys that any thread distinguishes.
   * @throws the error that prevents reading a row group, or what `goesOn` throws
   */
  add(id: number, options: PassScan): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const wanted = new Map(options.groups.map((each) => [nameOf(each), each]))
    if (wanted.size === 0) resolve(0)
    else this.#scans.add({ id, ...options, wanted, done: 0, keys: 0, resolve, reject })
    for (const [thread, running] of this.#running.entries())
      for (let requests = running; requests < requestsPerThread; requests++)
        void this.#requestGroups(thread)
    return promise
  }

  async #requestGroups(thread: number): Promise<void> {
    this.#running[thread]!++
    for (
      let wanted = this.#nextGroupFor(thread);
      wanted.length > 0;
      wanted = this.#nextGroupFor(thread)
    ) {
      const [{ group }] = wanted as [WantedGroup]
      const scans = wanted.map(({ scan: { id }, group: { isInside } }) => ({ id, isInside }))
      try {
        const keys = await this.#take(thread, { path: group.path, group: group.group, scans })
        for (const [i, { scan }] of wanted.entries()) this.#recordResult(scan, keys[i] ?? null)
      } catch (error) {
        for (const { scan } of wanted) this.#end(scan, () => scan.reject(error))
      }
    }
    this.#running[thread]!--
  }

  /** Takes the first scan's next row group for this thread, for all scans that need it; empty if there is none. */
  #nextGroupFor(thread: number): WantedGroup[] {
    for (const scan of this.#scans) this.#dropIfAbandoned(scan)
    const wanting = [...this.#scans].filter(({ wanted }) => wanted.size > 0)
    if (!wanting[0]) return []
    const name = nameOf(nextOf(wanting[0].wanted.values(), thread, this.#running.length))
    return wanting.flatMap((scan) => {
      const group = scan.wanted.get(name)
      scan.wanted.delete(name)
      return group ? [{ scan, group }] : []
    })
  }

  #dropIfAbandoned(scan: RunningScan): void {
    try {
      scan.goesOn()
    } catch (error) {
      this.#end(scan, () => scan.reject(error))
    }
  }

  /** Records a row group added for a scan; `keys` as in TakeGroup. */
  #recordResult(scan: RunningScan, keys: number | null): void {
    if (!this.#scans.has(scan)) return
    scan.done++
    scan.keys = Math.max(scan.keys, keys ?? 0)
    scan.progress?.(scan.done / scan.groups.length)
    const isEnd = keys === null || scan.keys > scan.keysMax || scan.done === scan.groups.length
    if (isEnd) this.#end(scan, () => scan.resolve(scan.keys))
  }

  #end(scan: RunningScan, settle: () => void): void {
    this.#scans.delete(scan)
    settle()
  }
}

interface WantedGroup {
  scan: RunningScan
  group: GroupToScan
}

function nameOf({ path, group }: GroupToScan): string {
  return `${path} ${group}`
}

/** The first group whose home is this thread, which has it cached; otherwise the first of all. */
function nextOf(wanted: Iterable<GroupToScan>, thread: number, threads: number): GroupToScan {
  let first: GroupToScan | null = null
  for (const group of wanted) {
    if (homeOf(group, threads) === thread) return group
    first ??= group
  }
  return first!
}

/** The thread that gets a row group each time, unless it is busy. */
function homeOf({ path, group }: GroupToScan, threads: number): number {
  let sum = group
  for (let at = 0; at < path.length; at++) sum += path.charCodeAt(at)
  return sum % threads
}
