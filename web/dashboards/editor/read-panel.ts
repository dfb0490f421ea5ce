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

/** The properties of a panel besides its query, by their type. */
const types = {
  string: ['title', 'style', 'statistic', 'direction', 'measure', 'tz', 'text'],
  number: ['threshold', 'seconds', 'limit'],
} as const
/** What a kind of panel cannot do without. */
const needed: Partial<Record<Panel['kind'], readonly string[]>> = {
  live: ['measure', 'seconds'],
  number: ['statistic'],
  text: ['text'],
}

/** Faults that the form could not even show. */
function shapeFault(panel: Omit<Panel, 'place'>): string | null {
  const { kind } = panel
  const given = new Map<string, unknown>(Object.entries(panel))
  const absent = needed[kind]?.find((name) => !given.has(name))
  if (absent !== undefined) return `A panel of kind ${kind} needs "${absent}".`
  for (const [type, names] of Object.entries(types)) {
    const wrong = names.find((name) => given.has(name) && typeof given.get(name) !== type)
    if (wrong !== undefined) return `"${wrong}" must be a ${type === 'string' ? 'text' : type}.`
  }
  const { query } = panel as { query?: unknown }
  const isAsked = kind === 'chart' || kind === 'top' || kind === 'number'
  if (!isAsked) return null
  if (typeof query !== 'object' || query === null) return 'It needs a "query", an object.'
  const name = Object.entries(query).find(([, value]) => typeof value !== 'string')?.[0]
  return name === undefined ? null : `In its query, "${name}" must be a text.`
}
