/** Texts that are sent again and again: their tags, and their bytes as sent. */
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

import type { FastifyRequest } from 'fastify'

/**
 * Texts remembered, and how many characters one and all of them may have: charts and tables of
 * walls and many pages.
 */
const most = { texts: 256, characters: 1 << 20, charactersInAll: 32 << 20 }
/** Shorter texts are not worth compressing. */
export const compressedFromBytes = 1024
/** Brotli quality, of 11: a chart takes some milliseconds, once. */
const brotliQuality = 5

type Encoding = 'br' | 'gzip' | 'identity'

const compressors: Record<Encoding, (bytes: Buffer) => Promise<Buffer> | Buffer> = {
  br: (bytes) =>
    promisify(brotliCompress)(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: brotliQuality },
    }),
  gzip: (bytes) => promisify(gzip)(bytes),
  identity: (bytes) => bytes,
}

/**
 * The best encoding that a client accepts; null if it accepts none of ours, or its header has more
 * than names.
 */
export function encodingFor({ headers }: FastifyRequest): Encoding | null {
  const accepted = headers['accept-encoding']
  if (accepted === undefined || headers['x-no-compression'] !== undefined) return 'identity'
  const words = accepted.split(',').map((word) => word.trim().toLowerCase())
  if (words.some((word) => !/^[a-z]+$/.test(word))) return null
  return (['br', 'gzip'] as const).find((encoding) => words.includes(encoding)) ?? null
}

class SentText {
  readonly tag: string
  /** Whether it was sent before. */
  isAgain = false
  readonly #bytes: Buffer
  readonly #bodies = new Map<Encoding, Promise<Buffer>>()

  constructor(text: string) {
    this.#bytes = Buffer.from(text)
    this.tag = `W/"${createHash('sha1').update(this.#bytes).digest('base64url')}"`
  }

  /** Its bytes in an encoding. */
  body(encoding: Encoding): Promise<Buffer> {
    let body = this.#bodies.get(encoding)
    if (!body) this.#bodies.set(encoding, (body = this.#compressed(encoding)))
    return body
  }

  async #compressed(encoding: Encoding): Promise<Buffer> {
    return compressors[encoding](this.#bytes)
  }
}

export class SentTexts {
  /** By text (the same string object is found at once), oldest first. */
  readonly #texts = new Map<string, SentText>()
  #characters = 0

  take(text: string): SentText {
    const known = this.#texts.get(text)
    if (known) {
      known.isAgain = true
      return known
    }
    const sent = new SentText(text)
    if (text.length > most.characters) return sent
    this.#texts.set(text, sent)
    this.#characters += text.length
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= most.texts && this.#characters <= most.charactersInAll) break
      this.#texts.delete(oldest)
      this.#characters -= oldest.length
    }
    return sent
  }
}
