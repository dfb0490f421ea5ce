/** The API as the page asks it: typed by api/schema, one function a route, errors with their remedy. */
import type { ExportersAnswer, StatusAnswer } from '../api/schema-status.ts'
import type { ErrorAnswer, SeriesAnswer, TopAnswer } from '../api/schema.ts'

/** An answer that is an error, or none at all: what is wrong and what to do. */
export class RequestError extends Error {
  readonly remedy: string
  /** 0 where nothing answered. */
  readonly status: number

  constructor(message: string, { remedy, status }: { remedy: string; status: number }) {
    super(message)
    this.name = 'RequestError'
    this.remedy = remedy
    this.status = status
  }
}

/** Query parameters; empty ones are left out. */
export type Query = Record<string, string | number>

interface Answers {
  series: SeriesAnswer
  top: TopAnswer
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
  signal: AbortSignal,
): Promise<Answers[Route]> {
  const response = await fetch(`/api/${route}${queryText(query)}`, { signal }).catch(
    (cause: unknown) => {
      if (signal.aborted) throw cause
      throw new RequestError('Weir does not answer', {
        remedy: 'Is `npm start` (or `weir api`) still running? This page tries again by itself.',
        status: 0,
      })
    },
  )
  if (!response.ok) throw await refusal(response)
  return (await response.json()) as Answers[Route]
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
