/** A dashboard at the desk: shown, and arranged by drag or by keys, its panels written as JSON. */
import { useSignal } from '@preact/signals'

import type { Dashboard, DashboardBody, Panel } from '../../api/schema-state.ts'
import { Fault, useAttempt } from '../controls/attempt.tsx'
import { Page } from '../controls/page.tsx'
import { PanelBox } from '../dashboard/panels.tsx'
import { isAdmin } from '../state/session.ts'
import { bodyOf, keepDashboard } from './dashboards.ts'
import { Handle } from './handle.tsx'
import { PanelForm } from './panel-form.tsx'

const rowPixels = 74
const panelsMax = 12
const refreshUsually = 15

export function Editor({ dashboard }: { dashboard: Dashboard }) {
  const body = useSignal<DashboardBody>(bodyOf(dashboard))
  const isEditing = useSignal(false)
  const written = useSignal<number | null>(null)
  const { isBusy, fault, run } = useAttempt()
  const { title, panels, refreshSeconds = refreshUsually } = body.value
  const isKept = JSON.stringify(body.value) === JSON.stringify(bodyOf(dashboard))
  const change = (part: Partial<DashboardBody>) => (body.value = { ...body.value, ...part })
  const put = (index: number, panel: Panel) => change({ panels: panels.with(index, panel) })
  const rows = Math.max(1, ...panels.map(({ place }) => place.row + place.rows))
  return (
    <Page
      title={title}
      about="dashboard"
      isBusy={isBusy}
      tools={
        <Tools
          id={dashboard.id}
          body={body.value}
          isEditing={isEditing.value}
          edit={() => (isEditing.value = !isEditing.value)}
          add={() => change({ panels: [...panels, { ...newPanel, place: under(rows) }] })}
          keep={
            isKept
              ? null
              : () => void run(async () => void (await keepDashboard(dashboard, body.value)))
          }
        />
      }
    >
      <Fault text={fault} />
      {isEditing.value && <Title value={title} take={(text) => change({ title: text })} />}
      <div
        class={isEditing.value ? 'grid editing' : 'grid'}
        style={{ gridTemplateRows: `repeat(${rows}, ${rowPixels}px)` }}
      >
        {panels.map((panel, index) => (
          <PanelBox
            key={`${index} ${panel.kind}`}
            panel={panel}
            place={{ dashboard: isKept ? dashboard.id : null, index }}
            scale={1}
            everyMs={refreshSeconds * 1000}
          >
            {isEditing.value && (
              <Handle
                panel={panel}
                rowPixels={rowPixels}
                move={(place) => put(index, { ...panel, place })}
                write={() => (written.value = index)}
                remove={() => change({ panels: panels.toSpliced(index, 1) })}
              />
            )}
          </PanelBox>
        ))}
      </div>
      {written.value !== null && panels[written.value] && (
        <PanelForm
          panel={panels[written.value]!}
          take={(panel) => put(written.value!, panel)}
          close={() => (written.value = null)}
        />
      )}
    </Page>
  )
}

const newPanel = {
  kind: 'number',
  title: 'New',
  statistic: 'last',
  query: { from: 'now-1h', to: 'now' },
} as const

function under(row: number): Panel['place'] {
  return { column: 0, row, columns: 3, rows: 2 }
}

function Tools(props: {
  id: string
  body: DashboardBody
  isEditing: boolean
  edit: () => void
  add: () => void
  /** Null where it is kept as it is. */
  keep: (() => void) | null
}) {
  const { id, body, isEditing, edit, add, keep } = props
  return (
    <>
      <a class="button" href={`/wall/${id}`}>
        On the wall
      </a>
      <a class="button" href={fileOf(body)} download={`${id}.json`}>
        Export JSON
      </a>
      {isAdmin.value && (
        <button type="button" aria-pressed={isEditing} onClick={edit}>
          Edit
        </button>
      )}
      {isEditing && body.panels.length < panelsMax && (
        <button type="button" onClick={add}>
          Add a panel
        </button>
      )}
      {keep && (
        <button type="button" class="due" onClick={keep}>
          Keep
        </button>
      )}
    </>
  )
}

function Title({ value, take }: { value: string; take: (text: string) => void }) {
  return (
    <label class="dim">
      Title{' '}
      <input
        type="text"
        maxLength={200}
        value={value}
        onInput={(event) => take(event.currentTarget.value)}
      />
    </label>
  )
}

/** The dashboard as a file: a data address, which needs no server. */
function fileOf(body: DashboardBody): string {
  return `data:application/json,${encodeURIComponent(JSON.stringify(body, null, 2))}`
}
