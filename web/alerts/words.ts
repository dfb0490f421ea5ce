/** Alerts in words: what is watched, on what condition, where it is sent. */
import type { Alert, AlertBody } from '../../api/schema/trackers.ts'
import { formatDuration, formatWithUnit } from '../../flow/units.ts'
import { measureUnits } from '../chart/readout.ts'

type Subject = AlertBody['subject']
type Target = AlertBody['targets'][number]

export const subjectTexts: Record<Subject['kind'], string> = {
  tracker: 'the traffic of a tracker',
  incident: 'an incident',
  silent: 'an exporter that is silent',
  loss: 'flows lost on the way',
  disk: 'free space on the disk',
}

export const stateTexts: Record<Alert['state']['is'], string> = {
  waiting: 'waiting for its first interval',
  well: 'in order',
  amiss: 'its condition holds, not yet often enough',
  told: 'its condition holds, and was reported',
  problem: 'cannot be evaluated',
}

/** What is watched. */
export function subjectText(subject: Subject, trackerName: (id: string) => string): string {
  const { kind } = subject
  const of = 'exporter' in subject && subject.exporter ? ` of ${subject.exporter}` : ''
  if (kind === 'tracker') {
    const direction = subject.direction ? ` ${subject.direction}` : ''
    return `${subject.measure}${direction} of the tracker ${trackerName(subject.tracker)}`
  }
  if (kind === 'silent')
    return `${of === '' ? 'any exporter' : of.slice(4)} silent for ${formatDuration(subject.seconds)}`
  return subjectTexts[kind] + of
}

/** A value of what is watched, with its unit: traffic in that of its measure, the rest in percent. */
export function valueText(subject: Subject, value: number): string {
  return formatWithUnit(value, subject.kind === 'tracker' ? measureUnits[subject.measure] : '%')
}

/** The condition, and how often in a row it must hold. */
export function conditionText({ subject, condition, intervals = 1 }: AlertBody): string {
  const figure = (value: number) => valueText(subject, value)
  const row = intervals > 1 ? `, ${intervals} intervals in a row` : ''
  if (!condition) return row.slice(2)
  if (condition.is === 'outside')
    return `outside ${figure(condition.low)} to ${figure(condition.high)}${row}`
  if (condition.is === 'unusual')
    return `beyond ${condition.sigma} σ of the last ${condition.observations}${row}`
  return `${condition.is} ${figure(condition.value)}${row}`
}

/** Where it is sent; an alert without targets is told only on its page. */
export function targetsText(targets: readonly Target[]): string {
  return targets.length === 0 ? 'sent to nobody' : targets.map(targetText).join(', ')
}

function targetText(target: Target): string {
  if ('mail' in target) return `mail to ${target.mail}`
  return 'webhook' in target ? target.webhook : 'the script in the settings'
}
