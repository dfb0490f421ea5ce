/**
 * A way through row groups for all that ask for flows of one filter at a time: the questions of a page come together, and what
 * costs most is to read columns and to see which flows pass. Who comes while others ride begins with what these still want, and
 * what they had before follows.
 */
import type { GroupToScan } from './scanner.ts'

/** Has a thread take a row group in for scans; says, in their order, how many keys each tells apart by now, null of one that failed. */
export type TakeGroup = (
  thread: number,
  taken: GroupForScans,
) => Promise<readonly (number | null)[]>

export interface GroupForScans {
  path: string
  group: number
  scans: readonly { id: number; isInside: boolean }[]
}

export interface RideOptions {
  groups: readonly GroupToScan[]
  /** Throws why it is given up, once it is. */
  goesOn: () => void
  /** Where a thread tells more keys apart nothing more is taken in. */
  keysMost: number
  /** Is told the share that is done. */
  progress: ((share: number) => void) | undefined
}

interface Rider extends RideOptions {
  id: number
  /** The row groups that no thread was asked to take in yet, by file and number. */
  wanted: Map<string, GroupToScan>
  /** Row groups that were taken in. */
  done: number
  /** The most keys that a thread tells apart. */
  keys: number
  resolve: (keys: number) => void
  reject: (error: unknown) => void
}

/** Row groups that wait for a thread while it takes one in, so that it never waits for the next. */
const lanes = 2

export class Pass {
  readonly #take: TakeGroup
  /** Those that came first before the others. */
  readonly #riders = new Set<Rider>()
  /** Lanes that run, by thread. */
  readonly #running: number[]

  constructor(threads: number, take: TakeGroup) {
    this.#take = take
    this.#running = Array.from({ length: threads }, () => 0)
  }

  /**
   * Has row groups taken in for a scan, all unless it fails, which it says when it is asked for what it found, or tells too
   * many keys apart. Gives the most keys that a thread tells apart.
   * @throws what keeps a row group from being read, or what `goesOn` throws
   */
  ride(id: number, options: RideOptions): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const wanted = new Map(options.groups.map((each) => [nameOf(each), each]))
    if (wanted.size === 0) resolve(0)
    else this.#riders.add({ id, ...options, wanted, done: 0, keys: 0, resolve, reject })
    for (const [thread, running] of this.#running.entries())
      for (let lane = running; lane < lanes; lane++) void this.#lane(thread)
    return promise
  }

  async #lane(thread: number): Promise<void> {
    this.#running[thread]!++
    for (let aboard = this.#aboard(thread); aboard.length > 0; aboard = this.#aboard(thread)) {
      const [{ group }] = aboard as [Aboard]
      const scans = aboard.map(({ rider: { id }, group: { isInside } }) => ({ id, isInside }))
      try {
        const keys = await this.#take(thread, { path: group.path, group: group.group, scans })
        for (const [i, { rider }] of aboard.entries()) this.#bring(rider, keys[i] ?? null)
      } catch (error) {
        for (const { rider } of aboard) this.#leave(rider, () => rider.reject(error))
      }
    }
    this.#running[thread]!--
  }

  /** Those that want what the first of them wants next of a thread, which is theirs then; none where nobody wants anything. */
  #aboard(thread: number): Aboard[] {
    for (const rider of this.#riders) this.#lookAfter(rider)
    const wanting = [...this.#riders].filter(({ wanted }) => wanted.size > 0)
    if (!wanting[0]) return []
    const name = nameOf(nextOf(wanting[0].wanted.values(), thread, this.#running.length))
    return wanting.flatMap((rider) => {
      const group = rider.wanted.get(name)
      rider.wanted.delete(name)
      return group ? [{ rider, group }] : []
    })
  }

  #lookAfter(rider: Rider): void {
    try {
      rider.goesOn()
    } catch (error) {
      this.#leave(rider, () => rider.reject(error))
    }
  }

  /** A row group was taken in for a rider; `keys` as TakeGroup says. */
  #bring(rider: Rider, keys: number | null): void {
    if (!this.#riders.has(rider)) return
    rider.done++
    rider.keys = Math.max(rider.keys, keys ?? 0)
    rider.progress?.(rider.done / rider.groups.length)
    const isEnd = keys === null || rider.keys > rider.keysMost || rider.done === rider.groups.length
    if (isEnd) this.#leave(rider, () => rider.resolve(rider.keys))
  }

  #leave(rider: Rider, tell: () => void): void {
    this.#riders.delete(rider)
    tell()
  }
}

interface Aboard {
  rider: Rider
  group: GroupToScan
}

function nameOf({ path, group }: GroupToScan): string {
  return `${path} ${group}`
}

/** The first that a thread had before, since it keeps what it read of that; else the first. */
function nextOf(wanted: Iterable<GroupToScan>, thread: number, threads: number): GroupToScan {
  let first: GroupToScan | null = null
  for (const group of wanted) {
    if (homeOf(group, threads) === thread) return group
    first ??= group
  }
  return first!
}

/** The thread to which a row group goes each time that is not busy with others. */
function homeOf({ path, group }: GroupToScan, threads: number): number {
  let sum = group
  for (let at = 0; at < path.length; at++) sum += path.charCodeAt(at)
  return sum % threads
}
