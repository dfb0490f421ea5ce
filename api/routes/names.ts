/**
 * GET /api/names: all that is known about addresses: names now and before, network, AS, country.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from 'typebox'

import { formatAddress, parseAddress } from '../../flow/address.ts'
import { badQuery } from '../errors.ts'
import type { ApiParts } from '../parts.ts'
import { errorAnswers } from '../schema/schema.ts'
import { closed, nullableNumber, nullableText, seconds } from '../schema/parts.ts'

/** Addresses per request. */
const addressesMax = 100

const NamesQuery = closed({
  address: Type.String({ description: `addresses, comma-separated, at most ${addressesMax}` }),
})

export const NamedAddress = closed({
  address: Type.String(),
  /** Its name now; null if it has none, or it is not known yet: ask again. */
  name: nullableText,
  /** Its DNS names, and when each was first and last seen; oldest first. */
  history: Type.Array(closed({ name: Type.String(), from: seconds, to: seconds })),
  network: Type.Union([
    closed({ name: Type.String(), site: nullableText, owner: nullableText }),
    Type.Null(),
  ]),
  as: nullableNumber,
  asName: nullableText,
  /** ISO 3166, two letters. */
  country: nullableText,
})
export type NamedAddress = Static<typeof NamedAddress>

export const NamesAnswer = closed({ addresses: Type.Array(NamedAddress) })
export type NamesAnswer = Static<typeof NamesAnswer>

const schema = {
  summary: 'Names of addresses now and before, their network, AS and country',
  querystring: NamesQuery,
  response: { 200: NamesAnswer, ...errorAnswers },
}

export function namesRoute({ names }: ApiParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get('/api/names', { schema }, async ({ query }) => {
      const texts = query.address.split(',')
      if (texts.length > addressesMax)
        throw badQuery(
          'too-many',
          `${texts.length} addresses are too many`,
          `ask for ${addressesMax} at a time`,
        )
      return { addresses: texts.map((text) => answerOf(text.trim())) }
    })
  }

  function answerOf(text: string): NamedAddress {
    const words = parseAddress(text)
    if (!words)
      throw badQuery(
        'bad-address',
        `"${text.slice(0, 100)}" is not an address`,
        'give IP addresses',
      )
    const address = formatAddress(...words)
    const facts = names.about?.(address)
    const history = facts?.history ?? []
    return {
      address,
      name: names.hostName(address),
      history: history.map(({ name, from, to }) => ({ name, from: from / 1000, to: to / 1000 })),
      network: facts?.network ?? null,
      as: facts?.place?.as ?? null,
      asName: facts?.place?.asName ?? null,
      country: facts?.place?.country ?? null,
    }
  }
}
