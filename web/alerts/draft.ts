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
    quietMinutes: figureOf(draft.quietMinutes, 'quiet minutes'),
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
    return { kind, exporter, seconds: figureOf(draft.silentMinutes, 'silent minutes') * 60 }
  return kind === 'disk' ? { kind } : { kind, exporter }
}

function conditionOf({ is, value, high, observations }: AlertDraft): Condition {
  const figure = figureOf(value, 'value')
  if (is === 'outside') return { is, low: figure, high: figureOf(high, 'second value') }
  if (is === 'unusual')
    return { is, sigma: figure, observations: figureOf(observations, 'last intervals') }
  return { is, value: figure }
}

function figureOf(text: string, field: string): number {
  const figure = parseScaled(text) ?? (text.trim() === '' ? Number.NaN : Number(text))
  if (Number.isFinite(figure)) return figure
  throw refusal(`"${text}" is not a figure for the ${field}`, 'write one such as 15, 2.5 or 100M')
}

function refusal(message: string, remedy: string): RequestError {
  return new RequestError(message, { remedy, status: 400 })
}

function targetOf(line: string): Target {
  if (line === 'script') return { script: true }
  return /^https?:/.test(line) ? { webhook: line } : { mail: line }
}
