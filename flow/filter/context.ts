/** What names in a filter stand for. */
import type { Network } from '../address.ts'
import type { TokenReader } from './token-reader.ts'

export interface FilterContext {
  /** The local networks, for local and remote. */
  local: readonly Network[]
  /** The addresses of the exporters of a name. */
  exporters: (name: string) => readonly string[]
  /** The networks, and the hosts as networks of one address, of a name. */
  networks: (name: string) => readonly Network[]
  /** The interfaces of a name, each with its exporter's address. */
  interfaces: (name: string) => readonly { exporter: string; index: number }[]
  /** The ports of a service. */
  services: (name: string) => readonly number[]
}

/** Where nothing has a name. */
export const noNames: FilterContext = {
  local: [],
  exporters: () => [],
  networks: () => [],
  interfaces: () => [],
  services: () => [],
}

/** Where a condition is read. */
export interface Reading {
  reader: TokenReader
  context: FilterContext
  /** Under an odd number of nots, where nfdump's `flags SA` means any of them. */
  isNegated: boolean
}
