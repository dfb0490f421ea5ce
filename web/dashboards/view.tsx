/** The dashboards: a list of them, and the one that is shown or edited. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

import type { Dashboard, DashboardBody } from '../../api/schema/state.ts'
import { reasonOf } from '../../flow/reason.ts'
import { countOf } from '../../flow/units.ts'
import { RequestError } from '../client.ts'
import { Fault, useAttempt } from '../controls/attempt.tsx'
import { Page } from '../controls/page.tsx'
import { go, place } from '../state/route.ts'
import { isAdmin } from '../state/session.ts'
import { standardDashboard } from '../wall/standard.ts'
import { dashboards, makeDashboard, makeLink, removeDashboard } from './dashboards.ts'
import { Shown } from './shown.tsx'

export function Dashboards() {
  useEffect(() => dashboards.follow(), [])
  const { answer, error, isAsking } = dashboards.state.value
  const id = decodeURIComponent(place.value.path.split('/')[2] ?? '')
  const shown = answer?.find((each) => each.id === id)
  if (shown) return <Shown key={shown.id} dashboard={shown} />
  return (
    <Page
      title="Dashboards"
      about="panels for the desk, and for the wall"
      isBusy={isAsking}
      error={error}
      tools={isAdmin.value && <Makers />}
    >
      {answer && id !== '' && <p class="message warning">There is no dashboard "{id}".</p>}
      <section class="panel part" aria-label="Dashboards">
        <article class="tracker">
          <h2>
            <a href="/wall">Traffic</a>{' '}
            <small>
              the standard one, which every Weir has; a new dashboard begins as its copy
            </small>
          </h2>
        </article>
        {(answer ?? []).map((dashboard) => (
          <Item key={dashboard.id} dashboard={dashboard} />
        ))}
      </section>
    </Page>
  )
}

function Makers() {
  const { fault, run } = useAttempt()
  const make = (body: DashboardBody) =>
    run(async () => go(`/dashboards/${(await makeDashboard(body)).id}`))
  const take = (file: File | undefined) => {
    if (!file) return
    void run(async () => {
      const body = readBody(await file.text())
      go(`/dashboards/${(await makeDashboard(body)).id}`)
    })
  }
  const title = `Dashboard ${(dashboards.state.value.answer?.length ?? 0) + 1}`
  return (
    <>
      <button type="button" class="due" onClick={() => void make({ ...standardDashboard, title })}>
        New dashboard
      </button>
      <label class="button">
        Import JSON
        <input
          class="unseen"
          type="file"
          accept=".json,application/json"
          onChange={({ currentTarget: field }) => {
            take(field.files?.[0])
            // The same file, mended, can then be chosen again.
            field.value = ''
          }}
        />
      </label>
      <Fault text={fault} />
    </>
  )
}

/** A dashboard's JSON; the API checks its parts. @throws RequestError if it is not JSON */
function readBody(text: string): DashboardBody {
  try {
    return JSON.parse(text) as DashboardBody
  } catch (error) {
    const remedy = 'Choose a file that Export JSON has made'
    throw new RequestError(`this is not JSON: ${reasonOf(error)}`, { remedy, status: 400 })
  }
}

function Item({ dashboard }: { dashboard: Dashboard }) {
  const { id, title, panels, author } = dashboard
  const { isBusy, fault, run } = useAttempt()
  const link = useSignal('')
  const remove = () => {
    if (confirm(`Remove the dashboard "${title}"?`)) void run(() => removeDashboard(dashboard))
  }
  return (
    <article class="tracker">
      <h2>
        <a href={`/dashboards/${id}`}>{title}</a>{' '}
        <small>
          {countOf(panels.length, 'panel')} · {author}
        </small>
      </h2>
      <div class="form-buttons">
        <a class="button" href={`/wall/${id}`}>
          On the wall
        </a>
        {isAdmin.value && (
          <>
            <button
              type="button"
              disabled={isBusy}
              onClick={() => void run(async () => void (link.value = await makeLink(dashboard)))}
            >
              Link without a log-in
            </button>
            <button type="button" disabled={isBusy} onClick={remove}>
              Remove
            </button>
          </>
        )}
      </div>
      {link.value !== '' && (
        <p>
          For the screen, shown only this once: <code class="link">{link.value}</code>
        </p>
      )}
      <Fault text={fault} />
    </article>
  )
}
