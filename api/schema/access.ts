/** Access: sessions, users, API tokens and links for walls. Times are unix seconds. */
import { Type, type Static } from 'typebox'

import {
  closed,
  line,
  nullableGivenSeconds,
  nullableSeconds,
  nullableText,
  seconds,
} from './parts.ts'
import { newPasswordLength, userNamePattern } from '../../flow/credentials.ts'
import { documented } from './state.ts'
import { idPattern } from '../../store/state/state.ts'

/**
 * admin: everything. viewer: reads everything, makes annotations, saves reports. wall: reads one
 * dashboard and what its panels show.
 */
const roles = ['admin', 'viewer', 'wall'] as const
export type Role = (typeof roles)[number]

const user = Type.String({ pattern: userNamePattern, description: 'user name, in lower case' })
const password = Type.String({ minLength: 1, maxLength: newPasswordLength.most })
const newPassword = Type.String({
  minLength: newPasswordLength.least,
  maxLength: newPasswordLength.most,
  description: `at least ${newPasswordLength.least} characters`,
})

/** A name and password, or the token of a wall link (the part after # in its address). */
export const LoginBody = Type.Union([
  closed({ user, password }),
  closed({ token: Type.String({ minLength: 20, maxLength: 200 }) }),
])
export type LoginBody = Static<typeof LoginBody>

/** The caller, and what they may do. `role` null: nobody yet; a login is needed. */
export const SessionAnswer = closed({
  auth: Type.Enum(['password', 'proxy', 'none'], { description: 'WEIR_AUTH' }),
  user: nullableText,
  role: Type.Union([Type.Enum(roles), Type.Null()]),
  /** The only dashboard that a wall session may read. */
  dashboard: nullableText,
  expiresAt: nullableSeconds,
  passwordInFile: Type.Boolean({
    description: 'the caller’s password is changed in WEIR_PASSWORD_FILE',
  }),
  /** The page must show that addresses are masked to networks. */
  masked: Type.Boolean(),
  /** The page must show that everybody who reaches the port is admin. */
  open: Type.Boolean(),
  timeZone: Type.String({ description: 'WEIR_TZ: an IANA name, or browser' }),
  now: Type.Number({ description: 'the time by Weir’s own clock, unix seconds' }),
})
export type SessionAnswer = Static<typeof SessionAnswer>

export const PasswordBody = closed({ current: password, password: newPassword })
export type PasswordBody = Static<typeof PasswordBody>

export const UserBody = closed({
  role: Type.Optional(Type.Enum(['admin', 'viewer'])),
  password: Type.Optional(newPassword),
})
export type UserBody = Static<typeof UserBody>

export const NewUser = closed({
  user,
  role: Type.Enum(['admin', 'viewer']),
  password: newPassword,
})
export type NewUser = Static<typeof NewUser>

export const User = closed({
  ...documented,
  user: Type.String(),
  role: Type.Enum(roles),
  /** Their open sessions. */
  sessions: Type.Integer(),
})
export type User = Static<typeof User>

/** The admin whose password is in WEIR_PASSWORD_FILE, beside or instead of a stored user of that name. */
export const GivenAdmin = closed({ user: Type.String(), sessions: Type.Integer() })
export type GivenAdmin = Static<typeof GivenAdmin>

export const UsersAnswer = closed({
  users: Type.Array(User),
  given: Type.Union([GivenAdmin, Type.Null()]),
})
export type UsersAnswer = Static<typeof UsersAnswer>

/** A token for programs (viewer, admin) or a link for a wall (wall, with its dashboard). */
export const NewToken = closed({
  name: line('what it is for', 100),
  role: Type.Enum(roles),
  dashboard: Type.Optional(Type.String({ pattern: idPattern, description: 'for the role wall' })),
  expiresAt: Type.Optional(nullableGivenSeconds),
})
export type NewToken = Static<typeof NewToken>

export const Token = closed({
  ...documented,
  name: Type.String(),
  role: Type.Enum(roles),
  dashboard: nullableText,
  author: Type.String(),
  expiresAt: nullableSeconds,
})
export type Token = Static<typeof Token>

/**
 * A new token: its secret is shown only this once. `link` is the address of a wall, without the
 * host.
 */
export const TokenMade = closed({
  ...Token.properties,
  secret: Type.String(),
  link: nullableText,
})
export type TokenMade = Static<typeof TokenMade>

export const TokensAnswer = closed({ tokens: Type.Array(Token) })
export type TokensAnswer = Static<typeof TokensAnswer>

/** One entry of the audit log. */
export const AuditEntry = Type.Object(
  { at: seconds, user: Type.String(), address: Type.String(), what: Type.String() },
  { additionalProperties: true },
)
export type AuditEntry = Static<typeof AuditEntry>

export const AuditAnswer = closed({ entries: Type.Array(AuditEntry) })
export type AuditAnswer = Static<typeof AuditAnswer>
