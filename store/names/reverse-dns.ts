/** Names of addresses in DNS. They come from the network: what is not a valid host name is none. */
import { Resolver } from 'node:dns/promises'

import { privateNetworkSet } from '../../flow/settings/specs.ts'

const timeoutMs = 1000
const hostPattern = /^(?=.{1,253}$)[a-zA-Z0-9_]([\w-]{0,62})(\.[a-zA-Z0-9_][\w-]{0,62})*$/

export interface ReverseDnsOptions {
  /** private: private addresses only; all: public ones too, which shows the resolver whom you look at. */
  asks: 'private' | 'all'
  /** Resolvers as ADDRESS or ADDRESS:PORT; absent: the system's. */
  servers?: readonly string[]
}

export class ReverseDns {
  /** Answers that were not host names. */
  refused = 0
  readonly #asks: ReverseDnsOptions['asks']
  readonly #resolver = new Resolver({ timeout: timeoutMs, tries: 2 })

  constructor({ asks, servers = [] }: ReverseDnsOptions) {
    this.#asks = asks
    if (servers.length > 0) this.#resolver.setServers([...servers])
  }

  /** Whether DNS may be asked for an address. */
  mayAsk(address: string): boolean {
    return this.#asks === 'all' || privateNetworkSet.hasText(address)
  }

  /** The name of an address; null if it has none, or there was no answer within seconds. */
  async nameOf(address: string): Promise<string | null> {
    const answer = await this.#resolver.reverse(address).catch(() => [])
    const names = answer.map((each) => each.replace(/\.$/, ''))
    const name = names.find((each) => hostPattern.test(each)) ?? null
    if (name === null && names.length > 0) this.refused++
    return name
  }

  /** Ends the queries that wait for an answer. */
  cancel(): void {
    this.#resolver.cancel()
  }
}
