/**
 * Host names from DNS, and their history: a name is stored with the time in which it was valid, so
 * that last month's chart shows last month's name.
 */
import { setTimeout as sleep } from 'node:timers/promises'

import { ReverseDns, type ReverseDnsOptions } from '../../store/names/reverse-dns.ts'
import { StoreFault } from '../../store/spool/fault.ts'
import type { StateDocument } from '../../store/state/state.ts'
import type { ApiState } from '../documents/state.ts'

/**
 * Addresses remembered; above that, the least recently used one is forgotten here (its document
 * stays).
 */
const addressesMax = 50_000
/** DNS queries waiting and running; above that, an address is queried when it comes up again. */
const waitingMax = 2000
const askingMax = 8
/** A name, or the lack of one, is cached this long before the next query. */
const knownMs = 3_600_000
const unknownMs = 600_000
/** How long an answer waits for names that have to be asked for. */
const learnMs = 500
/** Former names kept per address. */
const namesMax = 20

/** A name and when it was valid; unix ms. `to`: when it was last seen. */
interface NameInTime {
  name: string
  from: number
  to: number
}

interface Known {
  names: NameInTime[]
  askAgainMs: number
}

interface HostNamesOptions extends ReverseDnsOptions {
  state: ApiState
  now: () => number
}

export class HostNames {
  readonly #options: HostNamesOptions
  readonly #dns: ReverseDns
  readonly #known = new Map<string, Known>()
  readonly #waiting = new Set<string>()
  /** Addresses being asked, and their answers. */
  readonly #asking = new Map<string, Promise<void>>()
  #workers = 0
  #isOpen = false

  constructor(options: HostNamesOptions) {
    this.#options = options
    this.#dns = new ReverseDns(options)
  }

  /** Answers that were not host names. */
  get refused(): number {
    return this.#dns.refused
  }

  /** Loads the stored names; if they cannot be read now, a later call tries again. */
  async open(): Promise<void> {
    const kept = await this.#options.state
      .list<{ names: NameInTime[] }>('host-names')
      .catch((error: unknown) => {
        if (error instanceof StoreFault) return null
        throw error
      })
    this.#isOpen = kept !== null
    for (const { id, body } of kept?.slice(-addressesMax) ?? []) {
      const address = addressOf(id)
      // Names found in the meantime are newer.
      const since = this.#known.get(address)
      const last = body.names.at(-1)
      const news = (since?.names ?? []).filter(
        ({ name, from }) => name !== last?.name && from > (last?.from ?? 0),
      )
      const names = [...body.names, ...news].slice(-namesMax)
      this.#known.set(address, { names, askAgainMs: since?.askAgainMs ?? 0 })
    }
  }

  /** The name of an address at a time (unix ms); null if unknown, or not known yet. */
  nameAt(address: string, ms: number): string | null {
    if (!this.#dns.mayAsk(address)) return null
    const known = this.#known.get(address)
    const now = this.#options.now()
    if (!known || known.askAgainMs <= now) this.#ask(address)
    if (!known) return null
    this.#known.delete(address)
    this.#known.set(address, known)
    const { names } = known
    // Before the first name seen, that one is the best guess; after the last, the last.
    return (names.findLast(({ from }) => from <= ms) ?? names[0])?.name ?? null
  }

  /**
   * Asks for those of which nothing is known, and waits for the answers, but not longer than
   * somebody who waits for a sentence would.
   */
  async learn(addresses: readonly string[]): Promise<void> {
    const unknown = addresses.filter((each) => this.#dns.mayAsk(each) && !this.#known.has(each))
    const asked = unknown.map((each) => this.#asking.get(each) ?? this.#askNow(each))
    await Promise.race([Promise.all(asked), sleep(learnMs, undefined, { ref: false })])
  }

  /** All names of an address, oldest first. */
  history(address: string): readonly NameInTime[] {
    return this.#known.get(address)?.names ?? []
  }

  close(): void {
    this.#waiting.clear()
    this.#dns.cancel()
  }

  #ask(address: string): void {
    if (this.#waiting.has(address) || this.#asking.has(address)) return
    if (this.#waiting.size >= waitingMax) return
    this.#waiting.add(address)
    if (this.#workers < askingMax) void this.#work()
  }

  async #work(): Promise<void> {
    this.#workers++
    for (const address of this.#waiting) await this.#askNow(address)
    this.#workers--
  }

  async #askNow(address: string): Promise<void> {
    // Taken out at once, or every worker would ask for the same address.
    this.#waiting.delete(address)
    const asking = this.#dns.nameOf(address).then((named) => this.#take(address, named))
    this.#asking.set(address, asking)
    await asking
    this.#asking.delete(address)
  }

  async #take(address: string, named: string | null): Promise<void> {
    const now = this.#options.now()
    const known = this.#known.get(address) ?? { names: [], askAgainMs: 0 }
    known.askAgainMs = now + (named === null ? unknownMs : knownMs)
    this.#known.set(address, known)
    if (this.#known.size > addressesMax) {
      const [oldest] = this.#known.keys()
      this.#known.delete(oldest!)
    }
    if (named === null) return
    const last = known.names.at(-1)
    if (last?.name === named) {
      last.to = now
      return
    }
    known.names = [...known.names, { name: named, from: now, to: now }].slice(-namesMax)
    await this.#keep(address)
  }

  /** If it cannot be stored, it is remembered until the process ends. */
  async #keep(address: string): Promise<void> {
    // Storing before the load would overwrite names not read yet. What cannot be read now is read with a later name.
    if (!this.#isOpen) await this.open().catch(() => undefined)
    const { names } = this.#known.get(address) ?? { names: [] }
    if (!this.#isOpen || names.length === 0) return
    await this.#options.state
      .change({ collection: 'host-names', id: idOf(address), body: { names } })
      .catch(() => null)
  }
}

/** Ids begin with a letter; addresses need not. */
function idOf(address: string): string {
  return `a${address}`
}

function addressOf(id: StateDocument['id']): string {
  return id.slice(1)
}
