/** A dashboard at the desk. The editor's code is fetched at the first edit. */
import { signal, useSignal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'

import type { Dashboard, DashboardBody } from '../../api/schema/state.ts'
import { Page } from '../controls/page.tsx'
import { outdated } from '../dashboard/panel-data.ts'
import { gridRows, PanelBox } from '../dashboard/panels.tsx'
import { fetchCode } from '../state/code.ts'
import { isAdmin } from '../state/session.ts'
import { bodyOf, dashboards, refreshUsually } from './dashboards.ts'

type EditorFacts = { dashboard: Dashboard; done: () => void }
const editor = signal<ComponentType<EditorFacts> | null>(null)

export function Shown({ dashboard }: { dashboard: Dashboard }) {
  const isEditing = useSignal(false)
  const isFetching = useSignal(false)
  // Somebody else has changed it.
  useEffect(() => {
    if (outdated.value === dashboard.etag) dashboards.again()
  }, [outdated.value])
  const Editor = editor.value
  const edit = async () => {
    isFetching.value = true
    editor.value = await fetchCode(async () => (await import('./editor/editor.tsx')).Editor)
    isFetching.value = false
    isEditing.value = editor.value !== null
  }
  if (isEditing.value && Editor)
    return <Editor dashboard={dashboard} done={() => (isEditing.value = false)} />
  const { id, title, panels, refreshSeconds = refreshUsually } = dashboard
  return (
    <Page
      title={title}
      about="dashboard"
      isBusy={isFetching.value}
      tools={
        <>
          <a class="button" href={`/wall/${id}`}>
            On the wall
          </a>
          <a class="button" href={fileOf(bodyOf(dashboard))} download={`${id}.json`}>
            Export JSON
          </a>
          {isAdmin.value && (
            <button type="button" onClick={() => void edit()}>
              Edit
            </button>
          )}
        </>
      }
    >
      {panels.length === 0 && (
        <p class="panel empty">
          No panels yet.{isAdmin.value ? ' Press Edit, and add the first.' : ''}
        </p>
      )}
      <div class="grid" style={gridRows(panels)}>
        {panels.map((panel, index) => (
          <PanelBox
            key={`${index} ${panel.kind}`}
            panel={panel}
            place={{ dashboard, index }}
            scale={1}
            everyMs={refreshSeconds * 1000}
          />
        ))}
      </div>
    </Page>
  )
}

/** The dashboard as a file: a data address, which needs no server. */
function fileOf(body: DashboardBody): string {
  return `data:application/json,${encodeURIComponent(JSON.stringify(body, null, 2))}`
}
