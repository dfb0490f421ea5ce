/** Parsers for settings: each returns the value, or null if the text is invalid. */
import { NetworkSet, parseNetwork, type Network } from '../address.ts'
import { parseDuration, type Tier } from '../interval.ts'

/** Where a socket listens. */
export interface Endpoint {
  host: string
  port: number
}

/** Where browsers find the page. */
export interface PublishedAt extends Endpoint {
  scheme: 'http' | 'https'
}

const usualPorts = { http: 80, https: 443 }

/** A parser returns the value, or null if the text is invalid; `remedy` then says what to write. */
export interface SettingSpec<Value> {
  default: string
  parse: (text: string) => Value | null
  remedy: string
  about: string
}

/** A row of the settings table. */
export function setting<Value>(
  about: string,
  fallback: string,
  parse: (text: string) => Value | null,
  remedy: string,
): SettingSpec<Value> {
  return { default: fallback, parse, remedy, about }
}

export function nonEmpty(text: string): string | null {
  return text.trim() === '' ? null : text.trim()
}

export function optional(text: string): string {
  return text.trim()
}

export function oneOf<Word extends string>(...words: Word[]): (text: string) => Word | null {
  return (text) => words.find((each) => each === text) ?? null
}

export function whole(least: number, most: number): (text: string) => number | null {
  return (text) =>
    /^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : null
}

export function endpoint(text: string): Endpoint | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text.trim())
  if (!match || Number(match[3]) > 65_535) return null
  return { host: match[1] ?? match[2]!, port: Number(match[3]) }
}

/** `NAME:PORT`, where port 443 means TLS; or `https://NAME:PORT`, for TLS on another port. */
export function publishedAt(text: string): PublishedAt | null {
  const [, given, place = ''] = /^(?:(https?):\/\/)?([^/]+)\/?$/.exec(text.trim()) ?? []
  const usual = given === 'https' ? usualPorts.https : usualPorts.http
  const found = endpoint(place) ?? (given === undefined ? null : endpoint(`${place}:${usual}`))
  if (!found) return null
  const isSecure = given === undefined ? found.port === usualPorts.https : given === 'https'
  return { ...found, scheme: isSecure ? 'https' : 'http' }
}

/** A published address as a URL, without a port that its scheme implies. */
export function publishedUrl({ scheme, host, port }: PublishedAt): string {
  const text = endpointText({ host, port })
  const isUsual = port === usualPorts[scheme]
  return `${scheme}://${isUsual ? text.slice(0, text.lastIndexOf(':')) : text}`
}

/** An endpoint as text that `endpoint` can parse; of ICMP, with text in place of a port, for people. */
export function endpointText({ host, port }: { host: string; port: number | string }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

export function networks(text: string): NetworkSet | null {
  const parsed = text.split(',').map((part) => parseNetwork(part))
  return parsed.includes(null) ? null : new NetworkSet(parsed as Network[])
}

export function bytes(text: string): number | null {
  const match = /^(\d{1,9})\s*(B|KB|MB|GB|TB)$/.exec(text.trim())
  const scale = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }
  return match ? Number(match[1]) * scale[match[2] as keyof typeof scale] : null
}

export function timeZone(text: string): string | null {
  if (text === 'browser') return text
  try {
    const { timeZone: known } = new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions()
    // Intl uses old names for some zones (Asia/Katmandu): keep the name as given.
    return known === 'UTC' || known.toLowerCase() === text.toLowerCase() ? known : text
  } catch {
    return null
  }
}

/** A length of time in ms. Not 0: whoever means "for ever" by it would lose everything. */
export function duration(text: string): number | null {
  return parseDuration(text) || null
}

export function tiers(text: string): Tier[] | null {
  const parsed = text
    .trim()
    .split(/[\s,]+/)
    .map((pair) => {
      const [name = '', keep = ''] = pair.split(':')
      return { name, stepMs: parseDuration(name) ?? 0, keepMs: parseDuration(keep) ?? 0 }
    })
  const sound = parsed.every(
    (tier, i) =>
      tier.keepMs > 0 &&
      (i === 0
        ? tier.name === '5m'
        : tier.stepMs > parsed[i - 1]!.stepMs && tier.stepMs % parsed[i - 1]!.stepMs === 0),
  )
  return sound ? parsed : null
}

/** A server's URL without trailing slash; credentials in it are refused, because they would be displayed. */
export function httpUrl(text: string): string | null {
  const url = URL.parse(text.trim())
  if (!url || !['http:', 'https:'].includes(url.protocol)) return null
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return null
  return url.href.replace(/\/+$/, '')
}

/** A word that is safe in names of files, buckets and tokens. */
export function plainName(text: string): string | null {
  return /^[a-zA-Z][a-zA-Z0-9_-]{0,39}$/.test(text.trim()) ? text.trim() : null
}

/** The parts of a comma-separated text; empty for empty text. */
export function list(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim())
  return parts.filter((part) => part !== '')
}
