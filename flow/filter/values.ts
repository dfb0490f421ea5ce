/** How field values are written: numbers with suffixes, ranges, names of services and protocols. */
import { parseNetwork, type Network } from '../address.ts'
import type { Range } from '../filter.ts'
import { applicationId, applicationText } from '../application.ts'
import { protocolName, protocolNumber } from '../protocol.ts'
import type { NumberField, ValueForm } from './fields.ts'

/** Powers of 1000, as in nfdump. */
const scales: Record<string, number> = { k: 1e3, m: 1e6, g: 1e9, t: 1e12 }

/** A number from 0 to `most`, decimal or 0x…; with isScaled also 10k, 10m. Null if it is not one. */
export function readNumber(text: string, most: number, isScaled = false): number | null {
  const match = /^(?:0x([0-9a-f]{1,12})|(\d{1,16})([kmgt]?))$/i.exec(text)
  if (!match) return null
  const [, hex, digits, suffix = ''] = match
  if (suffix !== '' && !isScaled) return null
  const value =
    hex === undefined ? Number(digits) * (scales[suffix.toLowerCase()] ?? 1) : Number(`0x${hex}`)
  return value <= most ? value : null
}

/** The values that a text stands for, as ranges; null if it is not a value of the field. */
export function readRanges(text: string, { form, most }: NumberField): Range[] | null {
  const one = forms[form](text, most)
  if (one) return one
  const isScaled = form === 'scaled'
  const [from = '', to = '', more] = text.split(rangeSign(text, form))
  const [least, greatest] = [readNumber(from, most, isScaled), readNumber(to, most, isScaled)]
  if (more !== undefined || least === null || greatest === null || least > greatest) return null
  return [[least, greatest]]
}

/** 1024:65535 (FlowViewer) and 1024-65535 are ranges; only the second if values contain colons. */
function rangeSign(text: string, form: ValueForm): string {
  return text.includes(':') && !hasColons(form) ? ':' : '-'
}

/** Whether single values of a form are written with colons. */
export function hasColons(form: ValueForm): boolean {
  return form === 'application' || form === 'mac'
}

const only = (value: number | null): Range[] | null => (value === null ? null : [[value, value]])

const forms: Record<ValueForm, (text: string, most: number) => Range[] | null> = {
  plain: (text, most) => only(readNumber(text, most)),
  scaled: (text, most) => only(readNumber(text, most, true)),
  interface: (text, most) => only(readNumber(text, most)),
  port: (text, most) => only(readNumber(text, most)),
  protocol: (text) => only(protocolNumber(text)),
  application: (text, most) => only(applicationId(text) ?? readNumber(text, most)),
  mac: (text) => only(readMac(text)),
  direction: (text, most) => only(directions[text.toLowerCase()] ?? readNumber(text, most)),
}

const directions: Record<string, number> = { ingress: 0, egress: 1 }

/** 48 bits as 00:11:22:33:44:55, 00-11-22-33-44-55, 0011.2233.4455 or 001122334455. */
function readMac(text: string): number | null {
  const grouped = /^[0-9a-f]{1,2}([:-][0-9a-f]{1,2}){5}$/i.test(text)
  const digits = grouped
    ? text
        .split(/[:-]/)
        .map((part) => part.padStart(2, '0'))
        .join('')
    : text.replaceAll('.', '')
  return /^[0-9a-f]{12}$/i.test(digits) ? Number(`0x${digits}`) : null
}

const writers: Partial<Record<ValueForm, (value: number) => string>> = {
  protocol: (value) => protocolName(value),
  application: applicationText,
  mac: (value) =>
    value
      .toString(16)
      .padStart(12, '0')
      .replaceAll(/(..)(?!$)/g, '$1:'),
  direction: (value) => (value === 0 ? 'ingress' : 'egress'),
}

/** A value in the form that readRanges parses. */
export function writeNumber(value: number, form: ValueForm): string {
  return writers[form]?.(value) ?? String(value)
}

/** A network: CIDR, an address, or a shortened IPv4 prefix (10/8, 192.168/16). */
export function readNetwork(text: string): Network | null {
  const short = /^(\d{1,3}(?:\.\d{1,3}){0,2})\.?\/(\d{1,2})$/.exec(text)
  if (!short) return parseNetwork(text)
  const parts = short[1]!.split('.')
  return parseNetwork(`${[...parts, '0', '0', '0'].slice(0, 4).join('.')}/${short[2]}`)
}

/** The ranges, sorted, with adjacent and overlapping ones merged. */
export function joinRanges(ranges: readonly Range[]): Range[] {
  const joined: Range[] = []
  for (const [least, most] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1)
    if (last && least <= last[1] + 1) joined[joined.length - 1] = [last[0], Math.max(last[1], most)]
    else joined.push([least, most])
  }
  return joined
}

/** The ranges minus the removed ones. */
export function withoutRanges(ranges: readonly Range[], removed: readonly Range[]): Range[] {
  let left = joinRanges(ranges)
  for (const [least, most] of removed)
    left = left.flatMap(([from, to]): Range[] => {
      const before: Range = [from, Math.min(to, least - 1)]
      const after: Range = [Math.max(from, most + 1), to]
      return [before, after].filter(([start, end]) => start <= end)
    })
  return left
}
