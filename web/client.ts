/** The API as the page asks it: typed by api/schema, one function a route, errors with their remedy. */
import { signal } from '@preact/signals'

import type { ExplainAnswer, IncidentsAnswer } from '../api/schema-explain.ts'
import type { ExportersAnswer, StatusAnswer } from '../api/schema-status.ts'
import type { ErrorAnswer, FlowsAnswer, SeriesAnswer, TopAnswer } from '../api/schema.ts'
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
}

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
  const response = await answered(addressOfAnswer(route, query), { signal: ended })
  return (await response.json()) as Answers[Route]
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
  const response = await answered(path, { method, headers, ...text })
  return (response.status === 204 ? {} : await response.json()) as Answer
}

/**
 * Reads a path of the API that is not in the table of questions: a collection, a document of it.
 * @throws RequestError; AbortError when the signal ends it
 */
export async function read<Answer>(path: string, ended: AbortSignal): Promise<Answer> {
  const response = await answered(path, { signal: ended })
  return (await response.json()) as Answer
}

async function answered(path: string, options: RequestInit): Promise<Response> {
  const response = await fetch(path, options).catch((cause: unknown) => {
    if (options.signal?.aborted) throw cause
    throw new RequestError('Weir does not answer', {
      remedy: 'Is `npm start` (or `weir api`) still running? This page tries again by itself.',
      status: 0,
    })
  })
  if (response.status === 401) loginNeeded.value = true
  if (!response.ok) throw await refusal(response)
  return response
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
