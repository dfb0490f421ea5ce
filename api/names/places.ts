/**
 * Autonomous systems and countries of addresses, from MMDB files that the administrator supplies.
 */
import { readFile, stat } from 'node:fs/promises'

import { Reader, type Response } from 'mmdb-lib'

import { reasonOf } from '../../flow/reason.ts'

/** A larger file is not an MMDB file. */
const fileBytesMax = 1 << 30
const nameLengthMax = 200

interface Place {
  as: number | null
  asName: string | null
  country: string | null
}

export class Places {
  readonly #as: Reader<Response> | null
  readonly #country: Reader<Response> | null

  private constructor(as: Reader<Response> | null, country: Reader<Response> | null) {
    this.#as = as
    this.#country = country
  }

  /** @throws Error if a file is not an MMDB file */
  static async open(asFile: string | null, countryFile: string | null): Promise<Places> {
    return new Places(await readMmdb(asFile), await readMmdb(countryFile))
  }

  /** The AS and country of an address, as far as the files know. */
  of(address: string): Place {
    const as = this.#look(this.#as, address)
    const country = this.#look(this.#country, address) ?? as
    const number = as?.['autonomous_system_number'] ?? as?.['asn']
    const code =
      textOf((country?.['country'] as Record<string, unknown> | undefined)?.['iso_code']) ??
      textOf(country?.['country_code']) ??
      textOf(country?.['country'])
    return {
      as: asNumber(number),
      asName:
        textOf(as?.['autonomous_system_organization']) ??
        textOf(as?.['as_name']) ??
        textOf(as?.['name']),
      country: code !== null && /^[A-Z]{2}$/.test(code) ? code : null,
    }
  }

  #look(reader: Reader<Response> | null, address: string): Record<string, unknown> | null {
    try {
      return (reader?.get(address) ?? null) as Record<string, unknown> | null
    } catch {
      return null
    }
  }
}

/** A file of WEIR_AS_FILE or WEIR_COUNTRY_FILE that is not an MMDB file. */
class NoMmdbFile extends Error {
  readonly remedy = 'name another in WEIR_AS_FILE or WEIR_COUNTRY_FILE'

  constructor(path: string, reason: string, options: ErrorOptions) {
    super(`${path} is not an MMDB file: ${reason}`, options)
    this.name = 'NoMmdbFile'
  }
}

async function readMmdb(path: string | null): Promise<Reader<Response> | null> {
  if (path === null) return null
  try {
    if ((await stat(path)).size > fileBytesMax) throw new Error('it is too large')
    return new Reader<Response>(await readFile(path))
  } catch (error) {
    const reason = reasonOf(error)
    throw new NoMmdbFile(path, reason, { cause: error })
  }
}

/** AS numbers come as numbers or as AS64500. */
function asNumber(value: unknown): number | null {
  const number = typeof value === 'string' ? Number(value.replace(/^AS/i, '')) : Number(value)
  return Number.isInteger(number) && number > 0 ? number : null
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, nameLengthMax) : null
}
