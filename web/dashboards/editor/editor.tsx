/** A dashboard being edited: panels are arranged by drag or keys, and each has a form. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

import type { Dashboard, DashboardBody, Panel } from '../../../api/schema/state.ts'
import { dashboardLimits } from '../../../flow/dashboard-limits.ts'
import { Fault, useAttempt } from '../../controls/attempt.tsx'
import { useOpened } from '../../controls/opened.ts'
import { Page } from '../../controls/page.tsx'
import type { StoredAs } from '../../dashboard/panel-data.ts'
import { gridRows, PanelBox } from '../../dashboard/panels.tsx'
import { guardLeaving } from '../../state/route.ts'
import '../../style/editor.css'
import { bodyOf, dashboards, keepDashboard, refreshUsually } from '../dashboards.ts'
import { isSame, nameOf, useChanges, type Changes } from './changes.ts'
import { fieldId } from './field.tsx'
import { PanelForm } from './form.tsx'
import { Handle } from './handle.tsx'
import { freePlace, inOrder, settled, type Place } from './places.ts'
import { Settings, titleFault, titleField } from './settings.tsx'
import { Removed, Tools } from './tools.tsx'

const newSize = { columns: 6, rows: 4 }

/** The open form: by the panel's index in the list, or a new panel's. */
type Open = number | 'new' | null

export function Editor({ dashboard, done }: { dashboard: Dashboard; done: () => void }) {
  const changes = useChanges(bodyOf(dashboard))
  const open = useSignal<Open>(null)
  /** The last panel removed, as long as nothing was changed since. */
  const removed = useSignal<{ name: string; after: DashboardBody } | null>(null)
  const attempt = useAttempt()
  const revise = useOpened(dashboard, (opened) => {
    const isUnchanged = open.peek() === null && isSame(changes.now(), bodyOf(opened))
    if (isUnchanged) changes.begin(bodyOf(dashboard))
    return isUnchanged
  })
  const { body, change, undo } = changes
  const isKept = isSame(body, bodyOf(dashboard))
  const everyMs = (body.refreshSeconds ?? refreshUsually) * 1000
  useLeaving(isKept ? null : dashboard.title)
  useUndoKey(undo)
  const keep = async () => {
    if (titleFault(body.title) !== undefined) {
      document.getElementById(fieldId(titleField))?.focus()
      return
    }
    await attempt.run(() =>
      revise(async (opened) => {
        const kept = await keepDashboard(opened, { ...body, panels: inOrder(body.panels) })
        changes.begin(bodyOf(kept))
        return kept
      }),
    )
  }
  const discard = () => {
    if (!confirm(`Discard all changes to "${dashboard.title}"?`)) return
    changes.begin(bodyOf(dashboard))
    dashboards.again()
    done()
  }
  return (
    <Page
      title={body.title}
      about={isKept ? 'dashboard, being edited' : 'dashboard, being edited: not saved yet'}
      isBusy={attempt.isBusy}
      tools={
        <Tools
          add={body.panels.length < dashboardLimits.panels ? () => (open.value = 'new') : null}
          undo={undo}
          keep={isKept ? null : () => void keep()}
          leave={isKept ? done : discard}
        />
      }
    >
      <Fault text={attempt.fault} />
      <Settings id={dashboard.id} body={body} change={change} />
      {removed.value?.after === body && <Removed name={removed.value.name} undo={undo} />}
      <Board
        changes={changes}
        dashboard={isKept ? dashboard : null}
        everyMs={everyMs}
        edit={(index) => (open.value = index)}
        removed={(name) => (removed.value = { name, after: changes.now() })}
      />
      {open.value !== null && (
        <Form
          changes={changes}
          open={open.value}
          everyMs={everyMs}
          close={() => (open.value = null)}
        />
      )}
    </Page>
  )
}

/** The panels in their places, each with its handle. */
function Board(props: {
  changes: Changes
  /** Null unless it is unchanged since it was stored. */
  dashboard: StoredAs | null
  everyMs: number
  edit: (index: number) => void
  removed: (name: string) => void
}) {
  const { changes, dashboard, everyMs, edit, removed } = props
  const { panels } = changes.body
  const announced = useSignal('')
  /**
   * The places before a drag or a series of keys: panels that made way move back when the panel
   * moves on.
   */
  const going = useRef({ drag: '', after: changes.body, places: [] as Place[] })
  const move = (index: number) => (place: Place, drag: string) => {
    const isGoingOn = going.current.drag === drag && going.current.after === changes.now()
    const before = isGoingOn ? going.current.places : panels.map((panel) => panel.place)
    const places = settled(before.with(index, place), index)
    changes.change({ panels: panels.map((panel, i) => ({ ...panel, place: places[i]! })) }, drag)
    going.current = { drag, after: changes.now(), places: before }
    announced.value = `${nameOf(panels[index]!)}: ${placeText(place)}`
  }
  const copy = (panel: Panel) => {
    const place = freePlace(
      panels.map((each) => each.place),
      panel.place,
    )
    const title = panel.title === undefined ? {} : { title: `${panel.title} (copy)` }
    changes.change({ panels: [...panels, { ...panel, ...title, place }] })
  }
  const remove = (index: number) => {
    changes.change({ panels: panels.toSpliced(index, 1) })
    removed(nameOf(panels[index]!))
  }
  return (
    <>
      {panels.length === 0 && <p class="panel empty">No panels yet: add the first.</p>}
      <div class="grid editing" style={gridRows(panels)}>
        {panels.map((panel, index) => (
          <PanelBox
            key={`${index} ${panel.kind}`}
            panel={panel}
            place={{ dashboard, index }}
            scale={1}
            everyMs={everyMs}
          >
            <Handle
              panel={panel}
              move={move(index)}
              edit={() => edit(index)}
              copy={panels.length < dashboardLimits.panels ? () => copy(panel) : null}
              remove={() => remove(index)}
            />
          </PanelBox>
        ))}
      </div>
      <p class="unseen" role="status">
        {announced.value}
      </p>
    </>
  )
}

function placeText({ column, row, columns, rows }: Place): string {
  return `column ${column + 1} of ${dashboardLimits.columns}, row ${row + 1}, ${columns} wide, ${rows} high`
}

function Form(props: {
  changes: Changes
  open: number | 'new'
  everyMs: number
  close: () => void
}) {
  const { changes, open, everyMs, close } = props
  const { panels } = changes.body
  const panel = open === 'new' ? null : (panels[open] ?? null)
  const places = panels.map(({ place }) => place)
  const take = (made: Panel) =>
    changes.change({ panels: open === 'new' ? [...panels, made] : panels.with(open, made) })
  return (
    <PanelForm
      panel={panel}
      place={panel?.place ?? freePlace(places, newSize)}
      everyMs={everyMs}
      take={take}
      close={close}
    />
  )
}

/** Asks before unsaved changes are lost. */
function useLeaving(title: string | null): void {
  useEffect(() => {
    if (title === null) return undefined
    return guardLeaving(() => confirm(`Leave without saving the changes to "${title}"?`))
  }, [title])
}

/** Ctrl+Z undoes a change, except in a field, which has its own undo. */
function useUndoKey(undo: (() => void) | null): void {
  useEffect(() => {
    if (!undo) return undefined
    const pressed = (event: KeyboardEvent) => {
      const { target, key, ctrlKey, metaKey, shiftKey } = event
      const isUndo = key.toLowerCase() === 'z' && (ctrlKey || metaKey) && !shiftKey
      const isElsewhere = target instanceof Element && target.closest('input, textarea, dialog')
      if (!isUndo || isElsewhere) return
      event.preventDefault()
      undo()
    }
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  }, [undo])
}
