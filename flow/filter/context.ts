/** Resolves names in filters. */
import type { Network } from '../address.ts'
import type { TokenReader } from './token-reader.ts'

export interface FilterContext {
  /** The local networks, for local and remote. */
  local: readonly Network[]
  /** The addresses of the exporters with this name. */
  exporters: (name: string) => readonly string[]
  /** The networks with this name; hosts as networks of one address. */
  networks: (name: string) => readonly Network[]
  /** The interfaces with this name, each with its exporter's address. */
  interfaces: (name: string) => readonly { exporter: string; index: number }[]
  /** The ports of a service. */
  services: (name: string) => readonly number[]
}

/** A context without names. */
export const noNames: FilterContext = {
  local: [],
  exporters: () => [],
  networks: () => [],
  interfaces: () => [],
  services: () => [],
}

/** The state in which a condition is parsed. */
export interface Reading {
  reader: TokenReader
  context: FilterContext
  /** Inside an odd number of nots, where nfdump's `flags SA` means any of them. */
  isNegated: boolean
}
