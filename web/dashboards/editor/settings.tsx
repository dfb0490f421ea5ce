/** The settings of a dashboard besides its panels: its title, refresh interval, and rotation on a wall. */
import type { DashboardBody } from '../../../api/schema/state.ts'
import { dashboardLimits } from '../../../flow/dashboard-limits.ts'
import type { Options } from '../../controls/form.tsx'
import { dashboards, refreshUsually } from '../dashboards.ts'
import { tooLong } from './checks.ts'
import { SelectField, TextField } from './field.tsx'

const refreshes = [5, 10, 15, 30, 60, 300, 900]
const turns = [10, 15, 30, 60, 120, 300]
const turnUsually = 30
/** The title field, which is focused if the title is invalid. */
export const titleField = 'dashboard-title'

type Rotation = NonNullable<DashboardBody['rotation']>

export function Settings(props: {
  id: string
  body: DashboardBody
  change: (part: Partial<DashboardBody>, name?: string) => void
}) {
  const { id, body, change } = props
  const { title, refreshSeconds = refreshUsually } = body
  return (
    <section class="panel form settings" aria-label="Dashboard">
      <TextField
        name={titleField}
        label="Title"
        fault={titleFault(title)}
        value={title}
        write={(text) => change({ title: text }, 'title')}
      />
      <SelectField
        name="refresh"
        label="Refreshed every"
        value={String(refreshSeconds)}
        options={secondsOptions(refreshes, refreshSeconds)}
        choose={(text) => change({ refreshSeconds: Number(text) })}
      />
      <Turns id={id} rotation={body.rotation} change={change} />
    </section>
  )
}

/** Why a title is invalid; undefined if it is valid. */
export function titleFault(title: string): string | undefined {
  if (title.trim() === '') return 'A dashboard needs a title.'
  return tooLong(title, dashboardLimits.title) ?? undefined
}

/** The dashboards that a wall shows in turn with this one. */
function Turns(props: {
  id: string
  rotation: Rotation | undefined
  change: (part: Partial<DashboardBody>) => void
}) {
  const { id, rotation, change } = props
  const others = (dashboards.state.value.answer ?? []).filter((each) => each.id !== id)
  const { dashboards: chosen = [], seconds = turnUsually } = rotation ?? {}
  if (others.length === 0 && chosen.length === 0) return null
  const turn = (which: string, isIn: boolean) => {
    const next = isIn ? [...chosen, which] : chosen.filter((each) => each !== which)
    change({ rotation: { seconds, dashboards: next } })
  }
  const gone = chosen.filter((each) => !others.some((other) => other.id === each))
  const listed = [...others, ...gone.map((each) => ({ id: each, title: `${each} (gone)` }))]
  return (
    <>
      <fieldset class="kinds">
        <legend>On the wall, rotate with</legend>
        {listed.map(({ id: which, title }) => (
          <label key={which}>
            <input
              type="checkbox"
              checked={chosen.includes(which)}
              onChange={(event) => turn(which, event.currentTarget.checked)}
            />
            {title}
          </label>
        ))}
      </fieldset>
      {chosen.length > 0 && (
        <SelectField
          name="turn"
          label="Each for"
          value={String(seconds)}
          options={secondsOptions(turns, seconds)}
          choose={(text) =>
            change({ rotation: { seconds: Number(text), dashboards: [...chosen] } })
          }
        />
      )}
    </>
  )
}

function secondsOptions(listed: readonly number[], own: number): Options {
  const all = [...new Set([...listed, own])].toSorted((a, b) => a - b)
  return all.map((seconds) => {
    const text = seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`
    return [String(seconds), text] as const
  })
}
