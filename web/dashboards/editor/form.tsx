/** The form of a panel: what it shows, with Explore's controls, beside a preview. */
import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'

import type { Panel } from '../../../api/schema/state.ts'
import { RequestError } from '../../client.ts'
import { Fault } from '../../controls/attempt.tsx'
import { useDialog } from '../../controls/dialog.ts'
import { filterAnswer } from '../../controls/filter-input.tsx'
import { clockNow } from '../../state/clock.ts'
import { zone } from '../../state/zone.ts'
import { AsJson } from './as-json.tsx'
import { isSame, kindNames } from './changes.ts'
import { faultsOf, type Faults } from './checks.ts'
import { draftOf, panelOf, type Kind, type PanelDraft } from './draft.ts'
import { fieldId, TextField } from './field.tsx'
import { KindFields } from './kind-fields.tsx'
import { Preview } from './preview.tsx'

interface PanelFormFacts {
  /** Null for a new one. */
  panel: Panel | null
  /** Where a new one would be placed. */
  place: Panel['place']
  everyMs: number
  take: (panel: Panel) => void
  close: () => void
}

export function PanelForm(facts: PanelFormFacts) {
  const { panel, place, everyMs, close } = facts
  const { first, draft, sound, faults, refusal, change, replace, submit } = usePanelDraft(facts)
  const { attributes, shut, leave } = useDialog({
    isChanged: !isSame(draft, first),
    question: 'Discard the changes to this panel?',
    close,
  })
  const ofEnter = (event: KeyboardEvent) => {
    const { target } = event
    const isText = target instanceof HTMLInputElement && !target.closest('.filter')
    if (event.key !== 'Enter' || !isText) return
    event.preventDefault()
    void submit(shut)
  }
  const shown = { ...panelOf({ ...draft, filter: sound }), place } as Panel
  const lastSound = useRef(shown)
  if (Object.keys(faults).length === 0) lastSound.current = shown
  return (
    <dialog {...attributes} class="panel-dialog" aria-label="Panel">
      <div class="form panel-form" onKeyDown={ofEnter}>
        <h2>{panel ? 'Panel' : 'New panel'}</h2>
        <div class="panel-fields">
          <KindChoice kind={draft.kind} choose={(kind) => change({ kind })} />
          <TextField
            name="title"
            label="Title"
            placeholder="none"
            fault={faults.title}
            value={draft.title}
            write={(title) => change({ title })}
          />
          <KindFields
            draft={draft}
            faults={faults}
            sound={sound}
            hear={(filter) => replace({ filter })}
            change={change}
          />
          <AsJson draft={draft} take={replace} />
        </div>
        <Preview panel={lastSound.current} everyMs={everyMs} />
        <div class="form-foot">
          <Fault text={refusal} />
          <div class="form-buttons">
            <button type="button" class="due" onClick={() => void submit(shut)}>
              {panel ? 'Apply' : 'Add'}
            </button>
            <button type="button" onClick={leave}>
              Cancel
            </button>
          </div>
        </div>
      </div>
    </dialog>
  )
}

/** The draft, its errors, and what happens when it is submitted. */
function usePanelDraft({ panel, place, take }: PanelFormFacts) {
  const first = useRef(draftOf(panel)).current
  const draft = useSignal(first)
  /** The last valid filter: the draft's own may be half typed. */
  const sound = useSignal(first.filter)
  const refusal = useSignal('')
  const faults = faultsOf(draft.value, { now: clockNow(), zone: zone.value })
  const change = (part: Partial<PanelDraft>) => {
    draft.value = { ...draft.peek(), ...part }
    refusal.value = ''
  }
  const replace = (part: Partial<PanelDraft>) => {
    change(part)
    if (part.filter !== undefined) sound.value = part.filter
  }
  const submit = async (done: () => void) => {
    const asked = draft.value
    const wrong = await namesOfFaults(asked, faults, sound.value)
    if (typeof wrong === 'string') refusal.value = wrong
    else if (wrong.length > 0) {
      refusal.value = `Mend first: ${wrong.join(', ')}.`
      document.getElementById(fieldId(wrong[0]!))?.focus()
    } else {
      if (!panel || !isSame(asked, first)) take({ ...panelOf(asked), place } as Panel)
      done()
    }
  }
  return {
    first,
    draft: draft.value,
    sound: sound.value,
    faults,
    refusal: refusal.value,
    change,
    replace,
    submit,
  }
}

/** The fields with errors, in the page's order; a text if the filter could not be parsed at all. */
async function namesOfFaults(
  { filter }: PanelDraft,
  faults: Faults,
  sound: string,
): Promise<string[] | string> {
  const names = Object.keys(faults)
  if (filter.trim() === sound.trim() || filter.trim() === '') return names
  try {
    const { error } = await filterAnswer({ text: filter, caret: filter.length })
    return error === null ? names : ['filter', ...names]
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    return `${error.message} ${error.remedy}`
  }
}

/** Radio buttons: the arrow keys go from kind to kind. */
function KindChoice({ kind, choose }: { kind: Kind; choose: (kind: Kind) => void }) {
  return (
    <fieldset class="kinds">
      <legend>What it is</legend>
      {(Object.keys(kindNames) as Kind[]).map((word) => (
        <label key={word}>
          <input
            type="radio"
            name="kind"
            value={word}
            checked={word === kind}
            onChange={() => choose(word)}
          />
          {kindNames[word]}
        </label>
      ))}
    </fieldset>
  )
}
