/** How times, bytes, hosts and exporters are written in sentences. */
import { countOf, formatExact, scaled } from '../../units.ts'
import { offsetText, wallTime } from '../../zone.ts'
import type { ActorFacts } from '../incident.ts'

/** Names and time zone of the reader. */
export interface Wording {
  zone: string
  hostName: (address: string) => string | null
  exporterName: (address: string) => string | null
  /** Asks for the names of hosts, so that hostName has them; absent: there is nobody to ask. */
  learn?: (addresses: readonly string[]) => Promise<void>
}

/** The hosts that sentences on these actors name. */
export function hostsNamed(actors: readonly Pick<ActorFacts, 'host' | 'mainPeer'>[]): string[] {
  const hosts = actors.flatMap(({ host, mainPeer }) =>
    mainPeer ? [host, mainPeer.address] : [host],
  )
  return [...new Set(hosts)]
}

const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const months = [
  'January', 'February', 'March', 'April', 'May', 'June',
  'July', 'August', 'September', 'October', 'November', 'December',
] as const // prettier-ignore

/** A date and time, such as Monday 16 November 2026, 11:32:10. */
export function sayTime(t: number, zone: string): string {
  const { year, month, day, weekday } = wallTime(t, zone)
  return `${weekdays[weekday - 1]} ${day} ${months[month - 1]} ${year}, ${sayClock(t, zone)}`
}

/** The time around a clock change, ms, in which times carry their offset: one of its hours comes twice. */
const changeMs = 2 * 3_600_000

/** A time of day, such as 11:32:10, or 02:32:10 UTC+2 around a clock change; `fraction` is of its second. */
export function sayClock(t: number, zone: string, fraction = ''): string {
  const { hour, minute, second } = wallTime(t, zone)
  const clock = [hour, minute, second].map((part) => String(part).padStart(2, '0')).join(':')
  const isChanged = offsetText(t - changeMs, zone) !== offsetText(t + changeMs, zone)
  return `${clock}${fraction}${isChanged ? ` ${offsetText(t, zone)}` : ''}`
}

/** A range, such as Monday 16 November 2026, 11:32:10 to 11:36:33; an end on another day includes its date. */
export function sayRange(from: number, to: number, zone: string): string {
  const end = isOneDay(from, to, zone) ? sayClock(to, zone) : sayTime(to, zone)
  return `${sayTime(from, zone)} to ${end}`
}

/** A time of day for a table, after its date if that is not the date of `heading`, such as 2026-11-17 00:02:10. */
export function sayClockUnder(heading: number, t: number, zone: string, fraction = ''): string {
  if (isOneDay(heading, t, zone)) return sayClock(t, zone, fraction)
  const { year, month, day } = wallTime(t, zone)
  return `${[year, month, day].map((part) => String(part).padStart(2, '0')).join('-')} ${sayClock(t, zone, fraction)}`
}

/** Whether two times are of one day. */
export function isOneDay(a: number, b: number, zone: string): boolean {
  const [one, other] = [wallTime(a, zone), wallTime(b, zone)]
  return one.year === other.year && one.month === other.month && one.day === other.day
}

/** Bytes with one decimal, such as 4.0 GB. */
export function sayBytes(bytes: number): string {
  const { number, prefix } = scaled(bytes)
  return prefix === '' ? countOf(number, 'byte') : `${number.toFixed(1)} ${prefix}B`
}

/** How many hosts sent something that they may have sent in the name of others: addresses can be forged. */
export function sayAddresses(count: number): string {
  return `${formatExact(count)} ${count === 1 ? 'address' : 'addresses'}`
}

/** A host with its name, such as 10.0.0.22 (bobby22.bigbiz.local). */
export function sayHost(address: string, { hostName }: Wording): string {
  const name = hostName(address)
  return name === null ? address : `${address} (${name})`
}

/** An exporter's name, or its address. */
export function sayExporter(address: string, { exporterName }: Wording): string {
  return exporterName(address) ?? address
}

/** Names in a row, of which at most so many are listed, such as a, b and 3 more. */
export function sayList(names: readonly string[], most: number): string {
  const listed = names.slice(0, most).join(', ')
  return names.length > most ? `${listed} and ${names.length - most} more` : listed
}
