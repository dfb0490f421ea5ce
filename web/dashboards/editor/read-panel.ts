/** Parses a panel's JSON, from any source, into the form's draft. */
import type { Panel } from '../../../api/schema/state.ts'
import { reasonOf } from '../../../flow/reason.ts'
import { kindNames } from './changes.ts'
import { draftOf, panelOf, type PanelDraft } from './draft.ts'

/** The draft from a panel's JSON, or what is wrong with it. */
export function readPanel(text: string): PanelDraft | string {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch (error) {
    return `This is not JSON: ${reasonOf(error)}`
  }
  const kinds = Object.keys(kindNames).join(', ')
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return 'A panel is an object, with a "kind".'
  const { place: _, ...panel } = given as Panel
  if (!Object.hasOwn(kindNames, panel.kind)) return `Its "kind" is one of ${kinds}.`
  const fault = shapeFault(panel)
  if (fault !== null) return fault
  const draft = draftOf(panel)
  const lost = Object.keys(panel).find((name) => !Object.hasOwn(panelOf(draft), name))
  return lost === undefined ? draft : `A panel of kind ${panel.kind} has no "${lost}".`
}

/** Faults that the form could not even show. */
function shapeFault(panel: Omit<Panel, 'place'>): string | null {
  const { kind } = panel
  const { query } = panel as { query?: unknown }
  const isAsked = kind === 'chart' || kind === 'top' || kind === 'number'
  if (!isAsked) return null
  if (typeof query !== 'object' || query === null) return 'It needs a "query", an object.'
  const name = Object.entries(query).find(([, value]) => typeof value !== 'string')?.[0]
  return name === undefined ? null : `In its query, "${name}" must be a text.`
}
