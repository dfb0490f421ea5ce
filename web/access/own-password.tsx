/** The user's own password. */
import { useSignal } from '@preact/signals'

import { newPasswordLength } from '../../flow/credentials.ts'
import { Fault, useAttempt } from '../controls/attempt.tsx'
import { PasswordLine } from '../controls/form.tsx'
import { changePassword } from './users.ts'

export function OwnPassword() {
  const current = useSignal('')
  const password = useSignal('')
  const isDone = useSignal(false)
  const { isBusy, fault, run } = useAttempt()
  const submit = async (event: Event) => {
    event.preventDefault()
    isDone.value = await run(() => changePassword(current.value, password.value))
    if (!isDone.value) return
    current.value = ''
    password.value = ''
  }
  return (
    <section class="panel part" aria-label="Your password">
      <h2>Your password</h2>
      <form class="form own-password" onSubmit={(event) => void submit(event)}>
        <PasswordLine
          label="Current password"
          value={current.value}
          write={(text) => (current.value = text)}
        />
        <PasswordLine
          label={`New password, of at least ${newPasswordLength.least} characters`}
          value={password.value}
          write={(text) => (password.value = text)}
          isNew
        />
        <Fault text={fault} />
        <p role="status">{isDone.value && 'It is changed. Your other sessions have ended.'}</p>
        <div class="form-buttons">
          <button type="submit" disabled={isBusy}>
            Change it
          </button>
        </div>
      </form>
    </section>
  )
}
