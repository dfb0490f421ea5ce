/** A panel as its JSON, with an example of each kind: what a dashboard is exported and imported as. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

import type { Panel } from '../../api/schema-state.ts'
import { Fault } from '../controls/attempt.tsx'

type Kind = Panel['kind']
type Example = Omit<Panel, 'place'>

const hour = { from: 'now-1h', to: 'now' }
const examples: Record<Kind, Example> = {
  chart: { kind: 'chart', title: 'By host', query: { ...hour, by: 'host,direction', top: '24' }, style: 'mirrored' } as Example,
  live: { kind: 'live', title: 'Now', measure: 'bits', seconds: 300 } as Example,
  top: { kind: 'top', title: 'Top hosts', query: { ...hour, by: 'host', limit: '8' } } as Example,
  number: { kind: 'number', title: 'Now', query: hour, statistic: 'last' } as Example,
  incidents: { kind: 'incidents', title: 'Incidents', limit: 5 } as Example,
  clock: { kind: 'clock', tz: 'UTC' } as Example,
  text: { kind: 'text', text: 'Whom to call: 4711' } as Example,
} // prettier-ignore

export function PanelForm(props: {
  panel: Panel
  take: (panel: Panel) => void
  close: () => void
}) {
  const { panel, take, close } = props
  const { place, ...rest } = panel
  const dialog = useRef<HTMLDialogElement>(null)
  const text = useSignal(JSON.stringify(rest, null, 2))
  const fault = useSignal('')
  useEffect(() => dialog.current?.showModal(), [])
  const submit = (event: Event) => {
    event.preventDefault()
    try {
      take({ ...(JSON.parse(text.value) as Example), place } as Panel)
      close()
    } catch (error) {
      fault.value = `This is no JSON: ${error instanceof Error ? error.message : String(error)}`
    }
  }
  return (
    <dialog ref={dialog} aria-label="Panel" onClose={close}>
      <form class="form" onSubmit={submit}>
        <h2>Panel</h2>
        <label>
          Begin from an example
          <select
            value={panel.kind}
            onChange={(event) =>
              (text.value = JSON.stringify(examples[event.currentTarget.value as Kind], null, 2))
            }
          >
            {(Object.keys(examples) as Kind[]).map((kind) => (
              <option key={kind} value={kind}>
                {kind}
              </option>
            ))}
          </select>
        </label>
        <label>
          What it shows; its query has the parameters of /api/series or /api/top
          <textarea
            rows={14}
            spellcheck={false}
            value={text.value}
            onInput={(event) => (text.value = event.currentTarget.value)}
          />
        </label>
        <Fault text={fault.value} />
        <div class="form-buttons">
          <button type="submit" class="due">
            Take
          </button>
          <button type="button" onClick={close}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  )
}
