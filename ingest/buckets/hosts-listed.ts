/** Numbers the hosts of a table, for making rows: these compare and show addresses of four words. */
import { ipv4Marker } from '../../flow/address.ts'
import { freeBuffer } from '../../store/process/freed-memory.ts'
import { AddressTable } from './address-table.ts'
import { beyondHosts, directions, isSenderOf } from './codes.ts'
import type { HostCounts } from './packed-counts.ts'

/** Marks in a key's code: the host is the number of a non-IPv4 address; the host is not kept separately. */
export const numberedMark = 1 << 29
export const beyondMark = 1 << 30
const codeMask = numberedMark - 1

/** The code of a key without marks. */
export function plainCode(code: number): number {
  return code & codeMask
}

/** Whether a key's host is an IPv4 address. */
export function isIPv4Key(code: number): boolean {
  return code <= codeMask
}

/** A view of the counts by host and service, with hosts as numbers. */
export class HostsListed {
  /** By number: four words per address, and whether it is local. */
  readonly words: Uint32Array
  readonly isLocal: Uint8Array
  readonly #table: HostCounts
  /** The host number of each key, in key order. */
  readonly #numbers: Uint32Array

  /** `others` has the numbers of non-IPv4 addresses; IPv4 addresses get the numbers after them. */
  constructor(table: HostCounts, others: AddressTable) {
    this.#table = table
    this.#numbers = new Uint32Array(table.count)
    const addresses = new AddressTable({ all: table.count >> 2, ipv4: table.count >> 2 })
    const isLocal = new Uint8Array(others.count + table.count)
    const ipv4 = [0, 0, ipv4Marker, 0] as [number, number, number, number]
    let key = 0
    table.forEach((host, code) => {
      let number = beyondHosts
      if ((code & numberedMark) !== 0) number = host
      else if (isIPv4Key(code)) {
        let found = addresses.find(0, 0, ipv4Marker, host)
        if (found < 0) {
          ipv4[3] = host
          found = addresses.add(ipv4)
        }
        number = others.count + found
      }
      if (isLocalKey(plainCode(code))) isLocal[number] = 1
      this.#numbers[key++] = number
    })
    this.words = new Uint32Array((others.count + addresses.count) * 4)
    this.words.set(others.list())
    this.words.set(addresses.list(), others.count * 4)
    this.isLocal = isLocal.slice(0, others.count + addresses.count)
    freeBuffer(isLocal)
    addresses.free()
  }

  /** Frees its own memory; not to be used afterwards. */
  free(): void {
    for (const each of [this.#numbers, this.words, this.isLocal]) freeBuffer(each)
  }

  get count(): number {
    return this.#table.count
  }

  forEach(visit: (host: number, code: number, at: number) => void): void {
    let key = 0
    this.#table.forEach((_, code, at) => visit(this.#numbers[key++]!, plainCode(code), at))
  }

  codeAt(at: number): number {
    return plainCode(this.#table.codeAt(at))
  }

  addTo(sums: Float64Array, to: number, at: number): void {
    this.#table.addTo(sums, to, at)
  }
}

/** Whether the host of a key is local, from its direction and end. */
function isLocalKey(codePlus: number): boolean {
  const code = codePlus - 1
  const direction = directions[(code >>> 1) & 3]
  return direction === 'internal' || direction === (isSenderOf(code) ? 'out' : 'in')
}
