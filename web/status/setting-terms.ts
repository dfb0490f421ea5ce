/** Settings by the name under which they are set, with readable values. */
import { formatWithUnit } from '../../flow/units.ts'

/** Status fields whose name differs from their setting's. */
const named: Record<string, string> = {
  addresses: 'addresses of this host',
  archiveKeepDays: 'WEIR_ARCHIVE_KEEP',
  archiveMaxBytes: 'WEIR_ARCHIVE_MAX',
  flowMaxDays: 'WEIR_FLOW_MAX',
  timeZone: 'WEIR_TZ',
}

/** The name of the setting for a field of the status. */
export function settingTerm(name: string): string {
  return named[name] ?? `WEIR_${name.toUpperCase()}`
}

/** A setting's value, with its unit; lists may wrap at their commas. */
export function settingText(name: string, value: string | number | null): string {
  if (value === null || value === '') return 'not set'
  if (typeof value === 'string') return value.replaceAll(',', ', ')
  if (name.endsWith('Bytes')) return formatWithUnit(value, 'B')
  return name.endsWith('Days') ? `${value} d` : String(value)
}
