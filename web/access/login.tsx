/** The log-in: shown at whatever address was asked for; that address is shown after the log-in. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

import { Fault, useAttempt } from '../controls/attempt.tsx'
import { PasswordLine } from '../controls/form.tsx'
import { Logo } from '../controls/logo.tsx'
import { refreshCollector } from '../state/collector.ts'
import { logIn } from '../state/session.ts'

export function Login() {
  const user = useSignal('admin')
  const password = useSignal('')
  const { isBusy, fault, run } = useAttempt()
  useEffect(() => {
    document.title = 'Log in · Weir'
  }, [])
  const submit = (event: Event) => {
    event.preventDefault()
    void run(async () => {
      await logIn(user.value, password.value)
      await refreshCollector()
    })
  }
  return (
    <main id="main" class="login">
      <form class="panel form" onSubmit={submit}>
        <h1 class="brand">
          <Logo />
          Weir
        </h1>
        <label>
          Name
          <input
            type="text"
            autocomplete="username"
            required
            value={user.value}
            onInput={(event) => (user.value = event.currentTarget.value)}
          />
        </label>
        <PasswordLine
          label="Password"
          value={password.value}
          write={(text) => (password.value = text)}
        />
        <Fault text={fault} />
        <button type="submit" class="due" disabled={isBusy}>
          Log in
        </button>
        <p class="dim">
          At the first start Weir prints the admin's password once, or takes it from the file that
          WEIR_PASSWORD_FILE names.
        </p>
      </form>
    </main>
  )
}
