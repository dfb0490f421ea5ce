/** Passwords: stored as scrypt hashes, compared in constant time, a few at a time. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

import { ApiError } from '../errors.ts'
import { Turns } from '../turns.ts'

/** 32 MiB and some 60 ms per hash (OWASP's second choice of parameters). */
const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 << 20 }
const keyBytes = 32
const saltBytes = 16
/** Hashes computed at once: more would take the processors from the queries. */
const runningMax = 2
/** Log-ins that wait for their hash; more are refused. */
const waitingMax = 32

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt)

export class Passwords {
  readonly #turns = new Turns(runningMax)
  /** Compared against when the user does not exist. */
  readonly #nobody = ['scrypt', cost.N, cost.r, cost.p, 'bm9ib2R5', 'bm9ib2R5'].join('$')

  /** The hash of a password with its parameters: scrypt$N$r$p$salt$key, in base64url. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(saltBytes)
    const key = await this.#derive(password, salt, cost)
    const { N, r, p } = cost
    return ['scrypt', N, r, p, salt.toString('base64url'), key.toString('base64url')].join('$')
  }

  /**
   * Whether a password matches its hash. Without a hash (no such user) the same work is done and
   * the answer is no.
   */
  async matches(password: string, hashed: string | null): Promise<boolean> {
    const [, N, r, p, salt = '', key = ''] = (hashed ?? this.#nobody).split('$')
    const wanted = Buffer.from(key, 'base64url')
    const given = await this.#derive(password, Buffer.from(salt, 'base64url'), {
      N: Number(N),
      r: Number(r),
      p: Number(p),
      maxmem: cost.maxmem,
    })
    return given.length === wanted.length && timingSafeEqual(given, wanted) && hashed !== null
  }

  /** @throws ApiError 503 if too many wait */
  async #derive(password: string, salt: Buffer, options: object): Promise<Buffer> {
    if (this.#turns.isFull && this.#turns.waiting >= waitingMax)
      throw new ApiError(503, 'busy', {
        message: 'too many log-ins at once',
        remedy: 'try again in some seconds',
      })
    await this.#turns.begin()
    try {
      return await derive(password.normalize('NFC'), salt, keyBytes, options)
    } finally {
      this.#turns.end()
    }
  }
}
