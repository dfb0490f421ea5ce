/** Users and tokens as the API stores them; only admins may read them. */
import { computed } from '@preact/signals'

import type {
  NewToken,
  NewUser,
  Token,
  TokenMade,
  TokensAnswer,
  User,
  UserBody,
  UsersAnswer,
} from '../../api/schema/access.ts'
import { read, send } from '../client.ts'
import { followAnswer, type Followed } from '../state/follow.ts'
import { isAdmin, session } from '../state/session.ts'

/** Whether passwords are Weir's own: behind a proxy, users are the proxy's. */
export const hasPasswords = computed(() => session.value?.auth === 'password')

/** Where everybody is admin, tokens give nothing. */
const hasTokens = computed(() => isAdmin.value && session.value?.open === false)

export const users: Followed<UsersAnswer> = followAnswer(
  () => (isAdmin.value && hasPasswords.value ? 'all' : null),
  (ended) => read<UsersAnswer>('/api/users', ended),
)

export const tokens: Followed<readonly Token[]> = followAnswer(
  () => (hasTokens.value ? 'all' : null),
  async (ended) => (await read<TokensAnswer>('/api/tokens', ended)).tokens,
)

/** Creates a user. @throws RequestError */
export async function makeUser(body: NewUser): Promise<void> {
  await users.change('/api/users', { method: 'POST', body })
}

/** Changes a user's role or password; their sessions end. @throws RequestError */
export async function changeUser({ id, etag }: User, body: UserBody): Promise<void> {
  await users.change(addressOf(id), { method: 'PUT', body, etag })
}

/** Removes a user. @throws RequestError */
export async function removeUser({ id, etag }: User): Promise<void> {
  await users.change(addressOf(id), { method: 'DELETE', etag })
}

/** Ends a user's sessions. @throws RequestError */
export async function endSessions(user: string): Promise<void> {
  await users.change(`${addressOf(user)}/sessions`, { method: 'DELETE' })
}

function addressOf(user: string): string {
  return `/api/users/${encodeURIComponent(user)}`
}

/** Creates a token; its secret is in this answer only. @throws RequestError */
export async function makeToken(body: NewToken): Promise<TokenMade> {
  return tokens.change<TokenMade>('/api/tokens', { method: 'POST', body })
}

/** Revokes a token. @throws RequestError */
export async function revokeToken({ id }: Token): Promise<void> {
  await tokens.change(`/api/tokens/${id}`, { method: 'DELETE' })
}

/** Changes the password of the user of the page. @throws RequestError also if `current` is wrong */
export async function changePassword(current: string, password: string): Promise<void> {
  await send('/api/session/password', { method: 'PUT', body: { current, password } })
}
