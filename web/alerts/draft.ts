/** An alert as the fields of its form, and back. */
import type { Alert, AlertBody } from '../../api/schema/trackers.ts'
import { parseScaled } from '../../flow/units.ts'
import { RequestError } from '../client.ts'

type Subject = AlertBody['subject']
type Condition = NonNullable<AlertBody['condition']>
type Target = AlertBody['targets'][number]

export interface AlertDraft {
  name: string
  kind: Subject['kind']
  exporter: string
  tracker: string
  measure: 'bits' | 'packets' | 'flows' | 'active'
  direction: string
  silentMinutes: string
  is: Condition['is']
  value: string
  high: string
  observations: string
  intervals: string
  repeat: 'once' | 'each'
  quietMinutes: string
  /** One per line. */
  targets: string
}

/** The longest time of the API's alerts, in minutes. */
const weekMinutes = 10_080

const usual: AlertDraft = {
  name: '',
  kind: 'incident',
  exporter: '',
  tracker: '',
  measure: 'bits',
  direction: '',
  silentMinutes: '15',
  is: 'above',
  value: '100M',
  high: '200M',
  observations: '12',
  intervals: '1',
  repeat: 'once',
  quietMinutes: '0',
  targets: '',
}

/** The form's draft of an alert; of a new one if there is none. */
export function draftOf(alert: Alert | null): AlertDraft {
  if (!alert) return usual
  const { name, subject, condition, intervals = 1, repeat = 'once', quietMinutes = 0 } = alert
  return {
    ...usual,
    name,
    kind: subject.kind,
    ...('exporter' in subject ? { exporter: subject.exporter ?? '' } : {}),
    ...(subject.kind === 'silent' ? { silentMinutes: String(subject.seconds / 60) } : {}),
    ...(subject.kind === 'tracker'
      ? { tracker: subject.tracker, measure: subject.measure, direction: subject.direction ?? '' }
      : {}),
    ...(condition ? conditionDraft(condition) : {}),
    intervals: String(intervals),
    repeat,
    quietMinutes: String(quietMinutes),
    targets: alert.targets.map(targetLine).join('\n'),
  }
}

function conditionDraft(condition: Condition): Partial<AlertDraft> {
  const { is } = condition
  if (is === 'outside') return { is, value: String(condition.low), high: String(condition.high) }
  if (is === 'unusual')
    return { is, value: String(condition.sigma), observations: String(condition.observations) }
  return { is, value: String(condition.value) }
}

function targetLine(target: Target): string {
  if ('mail' in target) return target.mail
  return 'webhook' in target ? target.webhook : 'script'
}

/** Whether alerts of a kind have a condition. */
export function hasCondition(kind: Subject['kind']): boolean {
  return kind === 'tracker' || kind === 'loss' || kind === 'disk'
}

/** The alert described by a draft; the API checks the rest. @throws RequestError that names the field with a fault */
export function bodyOfDraft(draft: AlertDraft, isOn: boolean): AlertBody {
  const { name, kind, repeat } = draft
  return {
    name,
    subject: subjectOf(draft),
    ...(hasCondition(kind) ? { condition: conditionOf(draft) } : {}),
    intervals: Number(draft.intervals) as 1 | 3 | 6 | 12,
    repeat,
    quietMinutes: figureOf(draft.quietMinutes, 'quiet minutes', [0, weekMinutes]),
    targets: draft.targets.split(/\s+/).filter(Boolean).map(targetOf),
    isOn,
  }
}

function subjectOf(draft: AlertDraft): Subject {
  const { kind, tracker, measure, direction } = draft
  const exporter = draft.exporter.trim() === '' ? null : draft.exporter.trim()
  if (kind === 'tracker') {
    if (tracker === '') throw refusal('no tracker is chosen', 'choose the tracker to watch')
    const named = direction === '' ? {} : { direction: direction as 'in' | 'out' }
    return { kind, tracker, measure, ...named }
  }
  if (kind === 'silent')
    return {
      kind,
      exporter,
      seconds: figureOf(draft.silentMinutes, 'silent minutes', [1, weekMinutes]) * 60,
    }
  return kind === 'disk' ? { kind } : { kind, exporter }
}

function conditionOf({ is, value, high, observations }: AlertDraft): Condition {
  if (is === 'unusual')
    return {
      is,
      sigma: figureOf(value, 'σ', [0.5, 20]),
      observations: figureOf(observations, 'last intervals', [4, 288]),
    }
  const figure = figureOf(value, 'value')
  return is === 'outside'
    ? { is, low: figure, high: figureOf(high, 'second value') }
    : { is, value: figure }
}

/** The figure of a field, within the API's bounds. By default those of what is measured, which is never below 0. */
function figureOf(
  text: string,
  field: string,
  [least, most]: readonly [least: number, most: number] = [0, Infinity],
): number {
  const figure = parseScaled(text) ?? (text.trim() === '' ? Number.NaN : Number(text))
  if (Number.isFinite(figure) && figure >= least && figure <= most) return figure
  const remedy =
    most === Infinity ? 'write one such as 15, 2.5 or 100M' : `write one from ${least} to ${most}`
  throw refusal(`"${text}" is not a figure for the ${field}`, remedy)
}

function refusal(message: string, remedy: string): RequestError {
  return new RequestError(message, { remedy, status: 400 })
}

function targetOf(word: string): Target {
  if (word === 'script') return { script: true }
  if (/^https?:\/\//.test(word)) return { webhook: word }
  if (/^[^@]+@[^@]+$/.test(word)) return { mail: word }
  throw refusal(
    `"${word}" is nothing to send an alert to`,
    'write a mail address, an address that begins with https:// or http://, or script',
  )
}
