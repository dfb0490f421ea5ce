/** The hosts in alerts: named by the file of WEIR_NAMES, else by DNS as of when an alert is sent. */
import type { Names } from '../../flow/names/names.ts'
import type { ReverseDns } from '../../store/names/reverse-dns.ts'

/** Most names of DNS remembered; beyond, all are asked for again. */
const learntMax = 1000

export class NamedHosts {
  readonly #own: { readonly names: Pick<Names, 'hostName'> }
  readonly #dns: ReverseDns | null
  readonly #learnt = new Map<string, string | null>()

  /** Without `dns`, nobody is asked. */
  constructor(own: { readonly names: Pick<Names, 'hostName'> }, dns: ReverseDns | null) {
    this.#own = own
    this.#dns = dns
  }

  hostName(address: string): string | null {
    return this.#own.names.hostName(address) ?? this.#learnt.get(address) ?? null
  }

  /** Asks DNS for those that the file does not name; it answers within seconds, or not. */
  async learn(addresses: readonly string[]): Promise<void> {
    const dns = this.#dns
    if (dns === null) return
    if (this.#learnt.size > learntMax) this.#learnt.clear()
    const asked = addresses.filter(
      (each) => this.#own.names.hostName(each) === null && dns.mayAsk(each),
    )
    await Promise.all(
      asked.map(async (each) => {
        this.#learnt.set(each, await dns.nameOf(each))
      }),
    )
  }
}
