/** The API's refusals and their form: {error: {code, message, remedy}}. */
import { fileRemedy } from '../store/disk/file-remedy.ts'
import type { ErrorAnswer } from './schema/schema.ts'

/** A refused request: what is wrong, with the value, and what to do instead. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly remedy: string
  /** Where in a filter the fault is, in characters. */
  readonly position: number | undefined

  constructor(
    status: number,
    code: string,
    described: { message: string; remedy: string; position?: number },
  ) {
    super(described.message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.remedy = described.remedy
    this.position = described.position
  }
}

/** A query that cannot be answered as asked. */
export function badQuery(code: string, message: string, remedy: string): ApiError {
  return new ApiError(400, code, { message, remedy })
}

export function errorAnswer(error: ApiError): ErrorAnswer {
  const { code, message, remedy, position } = error
  return { error: { code, message, remedy, ...(position === undefined ? {} : { position }) } }
}

/** How a value breaks its schema, as JSON Schema validators report it. */
interface FormFault {
  keyword: string
  params: Record<string, unknown>
  instancePath: string
}

/** An error of Fastify, a plugin or a store, as the framework passes it on. */
interface RaisedError extends Error {
  statusCode?: number
  code?: string
  remedy?: unknown
  validation?: FormFault[]
}

/** The remedy for errors raised by the framework and its plugins, by status. */
const remedies: Record<number, string> = {
  403: 'use the address under which Weir is configured',
  404: 'see /api/docs for all routes',
  405: 'see /api/docs for all routes',
  413: 'send less',
  414: 'shorten the address',
  415: 'see /api/docs for the accepted types',
  429: 'wait a minute, or ask less often',
  431: 'send fewer or shorter headers',
  503: 'try again in some seconds, or ask for less',
}

/**
 * Any error as an API error: refusals as they are; validation errors by the parameter's name
 * (`known` describes the route's parameters) and its value in `query`; typed errors of the stores
 * and of the file system with their remedy. Anything else is our own fault and its details are not shown.
 */
export function toApiError(
  error: unknown,
  known: Readonly<Record<string, string>>,
  query: unknown,
): ApiError {
  if (error instanceof ApiError) return error
  const raised = error as RaisedError
  if (raised.validation?.[0]) return formError(raised.validation[0], known, query)
  if (raised.name === 'QueryTooLarge')
    return badQuery('too-large', raised.message, remedyOf(raised, 'ask for a shorter time'))
  const status = raised.statusCode ?? 500
  if (status >= 400 && status !== 500)
    return new ApiError(status, codeOf(raised, status), {
      message: raised.message,
      remedy: remedyOf(raised, remedies[status] ?? 'see /api/docs'),
    })
  const remedy = fileRemedy(error)
  if (remedy !== null)
    // Where the data folder is, is not for whoever asks.
    return new ApiError(503, 'unreadable', {
      message: `a file or folder of WEIR_DATA cannot be read (${raised.code})`,
      remedy: `${remedy}; the log of the API names it`,
    })
  return new ApiError(500, 'internal', {
    message: 'the query failed because of a fault in Weir',
    remedy: 'see the log of the API for the reason',
  })
}

function remedyOf(raised: RaisedError, fallback: string): string {
  return typeof raised.remedy === 'string' ? raised.remedy : fallback
}

/** Characters shown of a value that cannot be read: enough to recognise it. */
const quotedCharactersMax = 100

const codes: Record<number, string> = { 404: 'not-found', 429: 'too-many', 503: 'busy' }

function codeOf(raised: RaisedError, status: number): string {
  return codes[status] ?? raised.code?.toLowerCase().replaceAll('_', '-') ?? 'refused'
}

function typeOf({ type }: Record<string, unknown>): string {
  return Array.isArray(type) ? type.join(' or ') : String(type)
}

/**
 * The value of a parameter in a query, for a message. Bodies are never quoted: they hold passwords.
 */
function given(query: unknown, name: string): string {
  const value = (query as Record<string, unknown> | undefined)?.[name]
  return typeof value === 'string' ? `: "${value.slice(0, quotedCharactersMax)}"` : ''
}

/** The parameters of a query's or a body's schema: descriptions by name. */
export function descriptionsOf(schema: unknown): Record<string, string> {
  const { properties = {} } = (schema ?? {}) as {
    properties?: Record<string, { description?: string }>
  }
  return Object.fromEntries(
    Object.entries(properties).map(([name, { description = '' }]) => [name, description]),
  )
}

/**
 * What is wrong with the form of a query or a body, by the parameter's name.
 * @param known descriptions of all parameters, by name
 * @param query what was asked, whose value is quoted
 */
export function formError(
  fault: FormFault,
  known: Readonly<Record<string, string>>,
  query: unknown,
): ApiError {
  const names = Object.keys(known)
  const { keyword, params, instancePath } = fault
  const name = instancePath.slice(1).split('/')[0] ?? ''
  if (keyword === 'additionalProperties')
    return badQuery(
      'unknown-parameter',
      `unknown parameter "${String(params['additionalProperty'])}"`,
      names.length === 0 ? 'this takes no parameters' : `known parameters: ${names.join(', ')}`,
    )
  if (keyword === 'enum')
    return badQuery(
      'bad-parameter',
      `"${name}" is not one of its values${given(query, name)}`,
      `write one of ${(params['allowedValues'] as string[]).join(', ')}`,
    )
  if (keyword === 'required')
    return badQuery(
      'bad-parameter',
      `"${String(params['missingProperty'])}" is missing`,
      'see /api/docs for its form',
    )
  if (keyword === 'type' && Array.isArray((query as Record<string, unknown> | undefined)?.[name]))
    return badQuery('bad-parameter', `"${name}" is given more than once`, 'give it once')
  if (keyword === 'type' && name !== '')
    return badQuery(
      'bad-parameter',
      `"${name}" is not of type ${typeOf(params)}`,
      'see /api/docs for its form',
    )
  const takes = known[name] ? `it takes: ${known[name]}` : 'see /api/docs for its form'
  return badQuery('bad-parameter', `"${name}" cannot be read${given(query, name)}`, takes)
}
