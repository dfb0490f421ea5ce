/** The API as the page asks it: typed by api/schema, one function a route, errors with their remedy. */
import { signal } from '@preact/signals'

import type { ExplainAnswer, IncidentsAnswer } from '../api/schema/explain.ts'
import type { ExportersAnswer, StatusAnswer } from '../api/schema/status.ts'
import type { ErrorAnswer, FlowsAnswer, SeriesAnswer, TopAnswer } from '../api/schema/schema.ts'
import { sentence } from './sentence.ts'

/** An answer that is an error, or none at all: what is wrong and what to do, each a sentence. */
export class RequestError extends Error {
  readonly remedy: string
  /** 0 where nothing answered. */
  readonly status: number

  constructor(message: string, { remedy, status }: { remedy: string; status: number }) {
    super(sentence(message))
    this.name = 'RequestError'
    this.remedy = sentence(remedy)
    this.status = status
  }

  /** Whether the same question may be answered a little later: Weir is away, restarts, or has too much to do. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

/** How soon a question is asked again after a failure that may pass. */
export const retryMs = 5000
/** Longer than the API itself lets a question take: who has not answered by then never will. */
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
 * Asks a route of the API.
 * @throws RequestError; AbortError when the signal ends it
 */
export async function ask<Route extends keyof Answers>(
  route: Route,
  query: Query,
  ended: AbortSignal,
): Promise<Answers[Route]> {
  return answered(addressOfAnswer(route, query), { signal: ended })
}

/** What a request for a change says beside its address. */
interface Change {
  method: 'POST' | 'PUT' | 'DELETE'
  body?: unknown
  /** The revision that is changed: refused where somebody else was faster. */
  etag?: string
}

/**
 * Asks for a change; gives what the API answers.
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
 * Reads a path of the API that is not in the table of questions: a collection, a document of it.
 * @throws RequestError; AbortError when the signal ends it
 */
export async function read<Answer>(path: string, ended: AbortSignal): Promise<Answer> {
  return answered(path, { signal: ended })
}

interface Request extends RequestInit {
  signal?: AbortSignal
}

/** The answer, whole: one that breaks off, or does not come in time, is none. */
async function answered<Answer>(path: string, request: Request): Promise<Answer> {
  const { signal: ended } = request
  const own = new AbortController()
  const end = () => own.abort()
  if (ended?.aborted) end()
  ended?.addEventListener('abort', end)
  const timer = setTimeout(end, waitMaxMs)
  try {
    const response = await fetch(path, { ...request, signal: own.signal })
    if (response.status === 401) loginNeeded.value = true
    if (!response.ok) throw await refusal(response)
    return (response.status === 204 ? {} : await response.json()) as Answer
  } catch (error) {
    if (error instanceof RequestError || ended?.aborted) throw error
    throw new RequestError('Weir does not answer', {
      remedy: 'Is `npm start` (or `weir api`) still running? This page tries again by itself.',
      status: 0,
    })
  } finally {
    clearTimeout(timer)
    ended?.removeEventListener('abort', end)
  }
}

/** Whether the API has refused to answer somebody unknown. */
export const loginNeeded = signal(false)

/** The address at which the API answers a question: what is shown, as somebody else can fetch it. */
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
    return new RequestError(error.message, { remedy: error.remedy, status })
  } catch {
    const remedy = 'The log of `weir api` has the reason.'
    return new RequestError(`the API answered ${status}`, { remedy, status })
  }
}
