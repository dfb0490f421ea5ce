/** The form to create a token for a program. Those of walls are made as links of their dashboards. */
import { useSignal } from '@preact/signals'

import type { NewToken, TokenMade } from '../../api/schema/access.ts'
import { moved, parseTime } from '../../flow/time-grammar.ts'
import { RequestError } from '../client.ts'
import { FormDialog, TextLine } from '../controls/form.tsx'
import { clockNow } from '../state/clock.ts'
import { zone } from '../state/zone.ts'
import { RoleSelect, type ChosenRole } from './role-select.tsx'
import { makeToken } from './users.ts'

interface Draft {
  name: string
  role: ChosenRole
  until: string
}

export function TokenForm(props: { show: (token: TokenMade) => void; close: () => void }) {
  const { show, close } = props
  const draft = useSignal<Draft>({ name: '', role: 'viewer', until: '' })
  const write = (part: Partial<Draft>) => (draft.value = { ...draft.value, ...part })
  return (
    <FormDialog
      label="Token"
      heading="New token"
      keep={async () => show(await makeToken(bodyOf(draft.value)))}
      close={close}
    >
      <TextLine
        label="What it is for"
        value={draft.value.name}
        write={(text) => write({ name: text })}
        hint="monitoring"
      />
      <RoleSelect value={draft.value.role} choose={(role) => write({ role })} />
      <TextLine
        label="Until (empty: until it is revoked)"
        value={draft.value.until}
        write={(text) => write({ until: text })}
        hint="2027-12-31"
        isOptional
      />
    </FormDialog>
  )
}

/** @throws RequestError for a time that is none, or over: the token would not end, or not begin */
function bodyOf({ name, role, until }: Draft): NewToken {
  if (until.trim() === '') return { name, role }
  const given = parseTime(until, { now: clockNow(), zone: zone.value, side: 'to' })
  // A day is meant with all its hours.
  const isDay = /^\d{4}-\d\d-\d\d$/.test(until.trim())
  const t = given !== null && isDay ? moved(given, 1, { unit: 'd', zone: zone.value }) : given
  if (t === null || t <= clockNow())
    throw new RequestError(`"${until}" is not a time to come`, {
      remedy: 'write 2027-12-31, or leave it empty',
      status: 400,
    })
  return { name, role, expiresAt: Math.floor(t / 1000) }
}
