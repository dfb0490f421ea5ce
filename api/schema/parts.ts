/** What the schemas of the API are made of. */
import { Type, type TProperties, type TSchema } from 'typebox'

/** An object with no other properties. */
export function closed<Properties extends TProperties>(
  properties: Properties,
  description?: string,
) {
  const about = description === undefined ? {} : { description }
  return Type.Object(properties, { additionalProperties: false, ...about })
}

/** An answer in one of several formats, by media type, as Fastify and OpenAPI take it. */
export function inFormats(content: Readonly<Record<string, TSchema>>) {
  const described = Object.entries(content).map(([type, schema]) => [type, { schema }] as const)
  return { description: 'in the format asked for', content: Object.fromEntries(described) }
}

/** An optional text parameter. */
export function text(description: string, pattern = '^[^\\u0000]{1,1000}$') {
  return Type.Optional(Type.String({ description, pattern }))
}

/** An optional whole-number parameter. */
export function wholeNumber(description: string) {
  return text(description, '^[0-9]{1,9}$')
}

/** One line of text for people, without control characters, and not blank: it is what a link is named. */
export function line(about: string, maxLength = 200) {
  return Type.String({
    description: `${about}, in one line of 1 to ${maxLength} characters`,
    maxLength,
    pattern: '^(?=.*\\S)[^\\u0000-\\u001f\\u007f]*$',
  })
}

/** Several lines of text for people. */
export function paragraph(about: string, maxLength = 2000) {
  return Type.String({
    description: `${about}, in 1 to ${maxLength} characters`,
    maxLength,
    pattern: '^(?=[\\s\\S]*\\S)[^\\u0000-\\u0008\\u000b-\\u001f\\u007f]*$',
  })
}

/** How times may be written in a query. */
export const timeForms =
  'ISO 8601, unix seconds (9 or 10 digits), unix milliseconds (13 digits), or now-6h, now/d'

export const count = Type.Number({ minimum: 0 })
export const seconds = Type.Number({ description: 'unix seconds' })
export const nullableSeconds = Type.Union([seconds, Type.Null()])
export const nullableText = Type.Union([Type.String(), Type.Null()])
export const nullableNumber = Type.Union([Type.Number(), Type.Null()])

/** A time that somebody gives, so it has bounds: to the year 2100. */
export const givenSeconds = Type.Number({
  description: 'unix seconds',
  minimum: 0,
  maximum: 4_102_444_800,
})
export const nullableGivenSeconds = Type.Union([givenSeconds, Type.Null()])
