/** Who may log in, and what programs and walls log in with; everybody's own password. */
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

import type { GivenAdmin, Token, TokenMade, User, UsersAnswer } from '../../api/schema/access.ts'
import { countOf } from '../../flow/units.ts'
import { Fault, useAttempt } from '../controls/attempt.tsx'
import { Page } from '../controls/page.tsx'
import { followChanging } from '../state/follow.ts'
import { isAdmin, session } from '../state/session.ts'
import { zone } from '../state/zone.ts'
import { instantText } from '../time/words.ts'
import { OwnPassword } from './own-password.tsx'
import { TokenForm } from './token-form.tsx'
import { UserForm } from './user-form.tsx'
import { endSessions, hasPasswords, removeUser, revokeToken, tokens, users } from './users.ts'

/** Somebody else may log in, or be given a token. */
const againMs = 30_000
/** The user being changed; `new` for a new one; null if no form is open. */
const edited = signal<string | null>(null)
const isTokenOpen = signal(false)
/** The token that was just made, whose secret is nowhere else. */
const made = signal<TokenMade | null>(null)

export function Access() {
  useEffect(() => {
    const ends = [followChanging(users, againMs), followChanging(tokens, againMs)]
    return () => {
      ends.forEach((end) => end())
      made.value = null
    }
  }, [])
  const { answer: known, error, isAsking } = users.state.value
  const given = tokens.state.value
  const { user = null, role = null } = session.value ?? {}
  return (
    <Page
      title="Access"
      about={user === null || role === null ? '' : `you are ${user}, ${role}`}
      isBusy={isAsking || given.isAsking}
      error={error ?? given.error}
      tools={isAdmin.value && <Tools />}
    >
      {hasPasswords.value && !session.value?.passwordInFile ? <OwnPassword /> : <Elsewhere />}
      {known && (
        <section class="panel part" aria-label="Users">
          <h2>Users</h2>
          {allOf(known).map((each) => (
            <UserItem key={each.user} user={each} isGiven={each.user === known.given?.user} />
          ))}
        </section>
      )}
      {given.answer && (
        <section class="panel part" aria-label="Tokens">
          <h2>Tokens</h2>
          {made.value && <Made token={made.value} />}
          {given.answer.length === 0 && (
            <p class="dim">
              None yet. A program sends one in place of a password; the link of a{' '}
              <a href="/dashboards">dashboard</a> for a wall is one too.
            </p>
          )}
          {given.answer.map((each) => (
            <TokenItem key={each.id} token={each} />
          ))}
        </section>
      )}
      {edited.value !== null && (
        <UserForm
          user={known?.users.find(({ id }) => id === edited.value) ?? null}
          close={() => (edited.value = null)}
        />
      )}
      {isTokenOpen.value && (
        <TokenForm
          show={(token) => (made.value = token)}
          close={() => (isTokenOpen.value = false)}
        />
      )}
    </Page>
  )
}

/** Where one's password is not Weir's own. */
function Elsewhere() {
  if (!session.value) return null
  const { open, passwordInFile } = session.value
  if (passwordInFile)
    return (
      <p class="panel empty">
        Your password is the one in the file that WEIR_PASSWORD_FILE names: change it there. A new
        one counts at once, and ends the sessions of the old one.
      </p>
    )
  return (
    <p class="panel empty">
      {open
        ? 'There are no users: whoever reaches this page may do everything (WEIR_AUTH is none, or not set).'
        : 'Users and passwords are those of the proxy before Weir (WEIR_AUTH=proxy).'}
    </p>
  )
}

/** The admin whose password a file holds is not stored, unless there was a stored one before. */
function allOf({ users: stored, given }: UsersAnswer): readonly (User | GivenAdmin)[] {
  if (given === null || stored.some(({ user }) => user === given.user)) return stored
  return [given, ...stored]
}

function Tools() {
  return (
    <>
      {users.state.value.answer && (
        <button type="button" class="due" onClick={() => (edited.value = 'new')}>
          New user
        </button>
      )}
      {tokens.state.value.answer && (
        <button type="button" onClick={() => (isTokenOpen.value = true)}>
          New token
        </button>
      )}
    </>
  )
}

function UserItem({ user, isGiven }: { user: User | GivenAdmin; isGiven: boolean }) {
  const { isBusy, fault, run } = useAttempt()
  const { user: name, sessions } = user
  const stored = 'id' in user ? user : null
  return (
    <article class="tracker">
      <h2>
        {name} <small>{isGiven ? 'admin' : stored?.role}</small>
      </h2>
      <p class="dim">
        {isGiven && 'with the password in WEIR_PASSWORD_FILE'}
        {isGiven && stored && `; without that file ${stored.role}, with one of its own`}
        {isGiven && ' · '}
        {sessions === 0 ? 'not logged in' : countOf(sessions, 'open session')}
      </p>
      <div class="form-buttons">
        {stored && (
          <button type="button" disabled={isBusy} onClick={() => (edited.value = stored.id)}>
            Change
          </button>
        )}
        {sessions > 0 && (
          <button type="button" disabled={isBusy} onClick={() => void run(() => endSessions(name))}>
            Log out
          </button>
        )}
        {stored && (
          <button
            type="button"
            disabled={isBusy}
            onClick={() => {
              if (confirm(`Remove the user "${name}"?`)) void run(() => removeUser(stored))
            }}
          >
            Remove
          </button>
        )}
        <Fault text={fault} />
      </div>
    </article>
  )
}

function TokenItem({ token }: { token: Token }) {
  const { isBusy, fault, run } = useAttempt()
  const { name, role, dashboard, author, expiresAt } = token
  const revoke = () => {
    if (confirm(`Revoke "${name}"? What uses it is logged out.`)) void run(() => revokeToken(token))
  }
  return (
    <article class="tracker">
      <h2>
        {name} <small>{role}</small>
      </h2>
      <p class="dim">
        {dashboard !== null && (
          <>
            <a href={`/dashboards/${dashboard}`}>{dashboard}</a> on a wall ·{' '}
          </>
        )}
        by {author} ·{' '}
        {expiresAt === null
          ? 'until it is revoked'
          : `until ${instantText(expiresAt * 1000, zone.value)}`}
      </p>
      <div class="form-buttons">
        <button type="button" disabled={isBusy} onClick={revoke}>
          Revoke
        </button>
        <Fault text={fault} />
      </div>
    </article>
  )
}

function Made({ token: { name, secret } }: { token: TokenMade }) {
  return (
    <p role="status">
      The token “{name}”, shown only this once: <code class="link">{secret}</code>
    </p>
  )
}
