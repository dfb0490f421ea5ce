/** Documents as answers: ETags by revision, If-Match, and the store's refusals as HTTP statuses. */
import type { FastifyReply, FastifyRequest } from 'fastify'

import { StateRefused, type StateChange, type StateDocument } from '../../store/state/state.ts'
import { ApiError } from '../errors.ts'
import type { ApiState } from './state.ts'

/** The fields that every document's answer starts with; times in unix seconds. */
export function headOf(document: StateDocument): {
  id: string
  etag: string
  createdAt: number
  changedAt: number
} {
  const { id, createdAt, changedAt } = document
  return { id, etag: etagOf(document), createdAt: createdAt / 1000, changedAt: changedAt / 1000 }
}

/** A document removed and created again is a different one: hence the time. */
function etagOf({ revision, createdAt }: StateDocument): string {
  return `"${revision}-${createdAt.toString(36)}"`
}

/** @throws ApiError 404 if it does not exist */
export async function documentOf<Body>(
  state: ApiState,
  collection: StateChange['collection'],
  id: string,
): Promise<StateDocument<Body>> {
  const document = await state.get<Body>(collection, id)
  if (!document) throw absent(collection, id)
  return document
}

function absent(collection: string, id: string): ApiError {
  return new ApiError(404, 'not-found', {
    message: `there is no "${id}" among ${collection}`,
    remedy: `see /api/${collection} for those that exist`,
  })
}

/** The revision that a request's If-Match names. @throws ApiError 412 if it is not the current one */
export function expectedRevision(
  request: FastifyRequest,
  document: StateDocument,
): number | undefined {
  const given = request.headers['if-match']
  if (given === undefined) return undefined
  if (given.trim() !== '*' && given.trim() !== etagOf(document)) throw changed()
  return document.revision
}

function changed(): ApiError {
  return new ApiError(412, 'changed', {
    message: 'it was changed by somebody else since it was read',
    remedy: 'reload it, then make the change again',
  })
}

const refusals: Record<StateRefused['reason'], [status: number, code: string, remedy: string]> = {
  changed: [412, 'changed', 'reload it, then make the change again'],
  absent: [404, 'not-found', 'list those that exist'],
  full: [409, 'full', 'remove what is no longer needed'],
  'too-large': [413, 'too-large', 'make it smaller'],
  'bad-id': [400, 'bad-parameter', 'use letters, digits, dots, dashes and underscores'],
}

/** Makes a change. @throws ApiError for every refusal */
export async function makeChange(
  state: ApiState,
  change: StateChange,
): Promise<StateDocument | null> {
  try {
    return await state.change(change)
  } catch (error) {
    if (!(error instanceof StateRefused)) throw error
    // The id of a new document is taken: the client must choose another one, not read it again.
    if (error.reason === 'changed' && change.revision === 0) throw taken(change.id)
    const [status, code, remedy] = refusals[error.reason]
    throw new ApiError(status, code, { message: error.message, remedy })
  }
}

function taken(id: string): ApiError {
  return new ApiError(409, 'taken', {
    message: `"${id}" exists already`,
    remedy: 'choose another name',
  })
}

/** Creates a document and returns it. */
export async function putDocument<Body>(
  state: ApiState,
  change: StateChange & { body: Body },
): Promise<StateDocument<Body>> {
  return (await makeChange(state, change)) as StateDocument<Body>
}

/** Sets the address of a created document. */
export function setCreated(reply: FastifyReply, path: string): void {
  reply.code(201).header('location', path)
}
