/** Checks a panel's draft, field by field; the API parses the filter. */
import { dashboardLimits as most } from '../../../flow/dashboard-limits.ts'
import { isRelative, parseTime } from '../../../flow/time-grammar.ts'
import { parseScaled } from '../../../flow/units.ts'
import { splitOf, type PanelDraft } from './draft.ts'

/** By field. */
export type Faults = Partial<Record<keyof PanelDraft, string>>

const keysMax = 1000

/** The faults of a draft at a moment, in a zone. */
export function faultsOf(draft: PanelDraft, at: { now: number; zone: string }): Faults {
  const { kind, title, threshold } = draft
  const faults: Faults = {}
  check(faults, 'title', tooLong(title, most.title))
  if (kind === 'chart' || kind === 'top' || kind === 'number') {
    Object.assign(faults, rangeFaults(draft, at))
    if (!/^\d{0,10}$/.test(draft.interface)) faults.interface = 'An ifIndex is a whole number.'
  }
  if ((kind === 'chart' || kind === 'number') && threshold.trim() !== '') {
    if (parseScaled(threshold) === null) faults.threshold = 'Write a figure such as 100M or 2.5G.'
  }
  if (kind === 'chart' && splitOf(draft.by) !== 'direction')
    check(faults, 'top', count(draft.top, keysMax))
  if (kind === 'top') check(faults, 'limit', count(draft.limit, keysMax))
  if (kind === 'incidents') check(faults, 'listed', count(draft.listed, most.incidents))
  if (kind === 'text' && draft.text.trim() === '') faults.text = 'Write the text to show.'
  else if (kind === 'text') check(faults, 'text', tooLong(draft.text, most.text))
  return faults
}

function check(faults: Faults, field: keyof PanelDraft, fault: string | null): void {
  if (fault !== null) faults[field] = fault
}

function count(text: string, greatest: number): string | null {
  const isCount = /^\d{1,4}$/.test(text.trim()) && Number(text) >= 1 && Number(text) <= greatest
  return isCount ? null : `A whole number from 1 to ${greatest}.`
}

/** What is wrong with a text of more than so many characters; null if it has no more. */
export function tooLong(text: string, characters: number): string | null {
  return text.length > characters ? `At most ${characters} characters.` : null
}

function rangeFaults({ from, to }: PanelDraft, { now, zone }: { now: number; zone: string }) {
  const faults: Faults = {}
  const form = 'such as 2026-11-16 11:30, now-6h or now/d'
  const start = parseTime(from, { now, zone, side: 'from' })
  const end = parseTime(to, { now, zone, side: 'to' })
  if (start === null) faults.from = `This is not a time: write it ${form}.`
  if (end === null) faults.to = `This is not a time: write it ${form}, or now.`
  if (start !== null && end !== null && start >= end) faults.to = 'The end must be after the start.'
  return faults
}

/** Whether a panel always shows the same time, which is seldom what a wall is for. */
export function standsStill({ kind, from, to }: PanelDraft): boolean {
  const hasRange = kind === 'chart' || kind === 'top' || kind === 'number'
  return hasRange && !isRelative(from) && !isRelative(to)
}
