/** A panel as its JSON, to copy or to paste. */
import { useSignal } from '@preact/signals'

import { Fault } from '../../controls/attempt.tsx'
import { panelOf, type PanelDraft } from './draft.ts'
import { readPanel } from './read-panel.ts'

export function AsJson({ draft, take }: { draft: PanelDraft; take: (draft: PanelDraft) => void }) {
  /** The text typed here, until it is parsed. */
  const own = useSignal<string | null>(null)
  const fault = useSignal('')
  const text = own.value ?? JSON.stringify(panelOf(draft), null, 2)
  const read = () => {
    const made = readPanel(text)
    fault.value = typeof made === 'string' ? made : ''
    if (typeof made === 'string') return
    own.value = null
    take(made)
  }
  return (
    <details class="as-json">
      <summary>As JSON</summary>
      <textarea
        rows={12}
        spellcheck={false}
        aria-label="The panel as JSON; its query has the parameters of /api/series or /api/top"
        value={text}
        onInput={(event) => (own.value = event.currentTarget.value)}
      />
      <div class="form-buttons">
        <button type="button" disabled={own.value === null} onClick={read}>
          Load this into the form
        </button>
      </div>
      <Fault text={fault.value} />
    </details>
  )
}
