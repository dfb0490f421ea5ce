/** Converts the values of goldens from each source's notation into the archive's form. */
import { formatAddress, parseAddress } from '../../../flow/address.ts'
import { protocolNumber } from '../../../flow/protocol.ts'
import type { GoldenValue } from './golden.ts'

/** A value from JSON or text → the archive's; null if it is empty. */
export type ValueReader = (given: unknown) => GoldenValue | null

const textOf = (given: unknown): string => (typeof given === 'string' ? given : String(given))

/** Any address, '' if none or zero. */
export const address: ValueReader = (given) => {
  const words = parseAddress(textOf(given))
  if (!words) return null
  const text = formatAddress(...words)
  return text === '0.0.0.0' || text === '::' ? '' : text
}

/** A number in decimal, hexadecimal with 0x, or with telegraf's suffix u or i. */
export const number: ValueReader = (given) => {
  if (typeof given === 'number') return given
  if (given === null || typeof given === 'object') return null
  const text = textOf(given)
    .trim()
    .replace(/(?<=\d)[ui]$/, '')
  return text === '' || !Number.isFinite(Number(text)) ? null : Number(text)
}

/** A protocol by number or by any name that decoders use. */
export const protocol: ValueReader = (given) => {
  const text = textOf(given).toLowerCase()
  const name = text === 'ipv6icmp' || text === 'icmpv6' ? 'ipv6-icmp' : text
  return number(given) ?? protocolNumber(name)
}

/** A differentiated services code point: the upper 6 bits of the class of service. */
export const codePoint: ValueReader = (given) => {
  const value = number(given)
  return value === null ? null : Number(value) << 2
}

/** 48 bits as xx:xx:xx:xx:xx:xx or six numbers. */
export const mac: ValueReader = (given) => {
  const bytes = Array.isArray(given)
    ? given.map(Number)
    : textOf(given)
        .split(':')
        .map((byte) => Number.parseInt(byte, 16))
  return bytes.length === 6 ? bytes.reduce((sum, byte) => sum * 256 + byte, 0) : null
}

const flagNames = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR', 'NS']
const flagLetters = 'FSRPAUEC'

/** TCP flags as a number, as names that are true, or as letters separated by dots. */
export const flags: ValueReader = (given) => {
  if (typeof given === 'object' && given !== null && !Array.isArray(given))
    return Object.entries(given).reduce(
      (bits, [name, isSet]) => bits | (isSet === true ? 1 << flagNames.indexOf(name) : 0),
      0,
    )
  const text = textOf(given)
  if (/^[.A-Z]{8}$/.test(text))
    return text
      .split('')
      .reduce((bits, letter) => bits | (letter === '.' ? 0 : 1 << flagLetters.indexOf(letter)), 0)
  return number(given)
}

/** A time as ISO 8601, as tshark writes one, or as unix ms. */
export const time: ValueReader = (given) => {
  if (typeof given === 'number') return given
  const text = textOf(given)
  const plain = number(text)
  if (plain !== null) return plain
  // Date.parse takes at most ms; tshark writes nanoseconds.
  const ms = Date.parse(text.replace(/(\.\d{3})\d+/, '$1'))
  return Number.isNaN(ms) ? null : ms
}

/** Seconds since 1970, or since the exporter's start, with fractions. */
export const seconds: ValueReader = (given) => {
  const value = number(given)
  return value === null ? null : Math.round(Number(value) * 1000)
}

const directions: Readonly<Record<string, number | undefined>> = { ingress: 0, egress: 1 }

/** A flow's direction by name, by number, or as an unnamed number. */
export const direction: ValueReader = (given) => {
  if (typeof given === 'object' && given !== null) return number(Object.values(given)[0])
  return directions[textOf(given)] ?? number(given)
}

const endReasons = ['', 'idletimeout', 'activetimeout', 'endofflowdetected', 'forcedend', 'lackofresources'] // prettier-ignore

/** Why a flow ended, by name or number. */
export const endReason: ValueReader = (given) => {
  if (typeof given === 'object' && given !== null) return number(Object.values(given)[0])
  const named = endReasons.indexOf(textOf(given).toLowerCase())
  return named > 0 ? named : number(given)
}

/** The label of an MPLS stack entry: alone, as an object, or in its three bytes. */
export const label: ValueReader = (given) => {
  if (Array.isArray(given) && given.length === 3)
    return given.map(Number).reduce((sum, byte) => sum * 256 + byte, 0) >>> 4
  if (typeof given === 'object' && given !== null)
    return number((given as { label?: unknown }).label)
  return number(given)
}

/** An application as engine..selector, engine..enterprise..selector, four bytes, or one number. */
export const application: ValueReader = (given) => {
  if (Array.isArray(given))
    return given.length === 4 ? given.map(Number).reduce((sum, byte) => sum * 256 + byte, 0) : null
  const parts = textOf(given).split('..').map(Number)
  if (parts.length === 1) return number(given)
  return parts.some(Number.isNaN) ? null : parts[0]! * 2 ** 24 + (parts.at(-1)! & 0xff_ffff)
}
