/** The form to create a user, or to change their role or password. */
import { useSignal } from '@preact/signals'

import type { NewUser, User } from '../../api/schema/access.ts'
import { isUserName, newPasswordLength } from '../../flow/credentials.ts'
import { RequestError } from '../client.ts'
import { FormDialog, PasswordLine, TextLine } from '../controls/form.tsx'
import { useOpened } from '../controls/opened.ts'
import { RoleSelect } from './role-select.tsx'
import { changeUser, makeUser } from './users.ts'

function draftOf(user: User | null): NewUser {
  const role = user?.role === 'admin' ? 'admin' : 'viewer'
  return { user: user?.user ?? '', role, password: '' }
}

export function UserForm({ user, close }: { user: User | null; close: () => void }) {
  const draft = useSignal(draftOf(user))
  const change = useOpened(user)
  const write = (part: Partial<NewUser>) => (draft.value = { ...draft.value, ...part })
  return (
    <FormDialog
      label="User"
      heading={user ? `Change ${user.user}` : 'New user'}
      keep={() => change((of) => keep(of, draft.value))}
      close={close}
    >
      {!user && (
        <TextLine
          label="Name, in lower case"
          value={draft.value.user}
          write={(text) => write({ user: text })}
        />
      )}
      <RoleSelect value={draft.value.role} choose={(role) => write({ role })} />
      <PasswordLine
        label={
          user
            ? 'New password (empty: as it is)'
            : `Password, of at least ${newPasswordLength.least} characters`
        }
        value={draft.value.password}
        write={(text) => write({ password: text })}
        isNew
        isOptional={user !== null}
      />
      {user && <p class="dim">Their open sessions end.</p>}
    </FormDialog>
  )
}

/** @throws RequestError also for a name that cannot be one */
async function keep(before: User | null, { user, password, role }: NewUser): Promise<void> {
  if (before) return changeUser(before, password === '' ? { role } : { role, password })
  if (!isUserName(user))
    throw new RequestError(`"${user}" is not a name of a user`, {
      remedy: 'Use lower-case letters, digits, and . _ @ - within',
      status: 400,
    })
  await makeUser({ user, role, password })
}
