/** The API client: typed by api/schema, errors with their remedy. */
import { signal } from '@preact/signals'

import type { ExplainAnswer, IncidentsAnswer } from '../api/schema/explain.ts'
import type { ExportersAnswer, StatusAnswer } from '../api/schema/status.ts'
import type { ErrorAnswer, FlowsAnswer, SeriesAnswer, TopAnswer } from '../api/schema/schema.ts'
import { sentence } from './sentence.ts'
import { clockNow } from './state/clock.ts'
import { tellAnswered, tellFailed } from './state/silence.ts'

/** An error answer, or no answer: what is wrong and what to do, each a sentence. */
export class RequestError extends Error {
  readonly remedy: string
  /** 0 if nothing answered. */
  readonly status: number
  /** The API's code of the error; empty if it did not give one. */
  readonly code: string

  constructor(
    message: string,
    { remedy, status, code = '' }: { remedy: string; status: number; code?: string },
  ) {
    super(sentence(message))
    this.name = 'RequestError'
    this.remedy = sentence(remedy)
    this.status = status
    this.code = code
  }

  /**
   * Whether the request may succeed a little later: Weir is down, restarting, or overloaded. A
   * query that took too long would only take as long again.
   */
  get isPassing(): boolean {
    if (this.code === 'timed-out') return false
    return this.status === 0 || this.status === 429 || this.status >= 500
  }

  /** Whether what was to be changed was changed by somebody else since it was read. */
  get isConflict(): boolean {
    return this.status === 412
  }
}

/** The delay before a request is retried after a failure that may pass. */
export const retryMs = 5000
/** Longer than the API itself lets a query run: after this no answer will come. */
const waitMaxMs = 90_000

/** Query parameters; empty ones are left out. */
export type Query = Record<string, string | number>

interface Answers {
  series: SeriesAnswer
  top: TopAnswer
  flows: FlowsAnswer
  explain: ExplainAnswer
  incidents: IncidentsAnswer
  exporters: ExportersAnswer
  status: StatusAnswer
}

/**
 * Queries a route of the API.
 * @throws RequestError; AbortError if aborted by the signal
 */
export async function ask<Route extends keyof Answers>(
  route: Route,
  query: Query,
  ended: AbortSignal,
): Promise<Answers[Route]> {
  return answered(addressOfAnswer(route, query), { signal: ended })
}

/** A request for a change, without its address. */
export interface Change {
  method: 'POST' | 'PUT' | 'DELETE'
  body?: unknown
  /** The revision to change: refused if somebody else changed it first. */
  etag?: string
}

/**
 * Sends a change; returns the API's answer.
 * @throws RequestError
 */
export async function send<Answer>(path: string, { method, body, etag }: Change): Promise<Answer> {
  const headers: Record<string, string> = {}
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (etag !== undefined) headers['if-match'] = etag
  const text = body === undefined ? {} : { body: JSON.stringify(body) }
  return answered(path, { method, headers, ...text })
}

/**
 * Reads a path of the API that is not in the table of routes: a collection, a document of it.
 * @throws RequestError; AbortError if aborted by the signal
 */
export async function read<Answer>(path: string, ended: AbortSignal): Promise<Answer> {
  return answered(path, { signal: ended })
}

interface Request extends RequestInit {
  signal?: AbortSignal
}

/** The complete answer: one that is cut off, or does not come in time, counts as none. */
async function answered<Answer>(path: string, request: Request): Promise<Answer> {
  const { signal: ended } = request
  const own = new AbortController()
  const end = () => own.abort()
  if (ended?.aborted) end()
  ended?.addEventListener('abort', end)
  const timer = setTimeout(end, waitMaxMs)
  try {
    const response = await fetch(path, { ...request, signal: own.signal })
    if (!response.ok) {
      const refused = await refusal(response)
      // A wrong password is that of a form, and says nothing about the session.
      if (refused.status === 401 && refused.code !== 'wrong-password') loginNeeded.value = true
      throw refused
    }
    const answer = (response.status === 204 ? {} : await response.json()) as Answer
    tellAnswered()
    return answer
  } catch (error) {
    if (ended?.aborted) throw error
    const failure = error instanceof RequestError ? error : noAnswer()
    tellFailed(failure, clockNow())
    throw failure
  } finally {
    clearTimeout(timer)
    ended?.removeEventListener('abort', end)
  }
}

function noAnswer(): RequestError {
  const remedy = 'Is `npm start` (or `weir api`) still running? This page tries again by itself.'
  return new RequestError('Weir does not answer', { remedy, status: 0 })
}

/** Whether the API has refused an anonymous request. */
export const loginNeeded = signal(false)

/** The API address of an answer: what is shown, for others to fetch. */
export function addressOfAnswer(route: string, query: Query): string {
  return `/api/${route}${queryText(query)}`
}

function queryText(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== '')
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return text === '' ? '' : `?${text}`
}

async function refusal(response: Response): Promise<RequestError> {
  const { status } = response
  try {
    const { error } = (await response.json()) as ErrorAnswer
    return new RequestError(error.message, { remedy: error.remedy, status, code: error.code })
  } catch {
    const remedy = 'The log of `weir api` has the reason.'
    return new RequestError(`the API answered ${status}`, { remedy, status })
  }
}
