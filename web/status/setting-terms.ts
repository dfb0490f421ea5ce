/** Settings as they are set, and their values as people read them. */
import { formatWithUnit } from '../../flow/units.ts'

/** Those of the status that are named otherwise than their setting. */
const named: Record<string, string> = {
  addresses: 'addresses of this host',
  archiveKeepDays: 'WEIR_ARCHIVE_KEEP',
  archiveMaxBytes: 'WEIR_ARCHIVE_MAX',
  flowMaxDays: 'WEIR_FLOW_MAX',
  timeZone: 'WEIR_TZ',
}

/** By what name a setting of the status is set. */
export function settingTerm(name: string): string {
  return named[name] ?? `WEIR_${name.toUpperCase()}`
}

/** A setting's value, with its unit; lists can be broken at their commas. */
export function settingText(name: string, value: string | number | null): string {
  if (value === null || value === '') return 'not set'
  if (typeof value === 'string') return value.replaceAll(',', ', ')
  if (name.endsWith('Bytes')) return formatWithUnit(value, 'B')
  return name.endsWith('Days') ? `${value} d` : String(value)
}
