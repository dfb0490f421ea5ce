/**
 * The address bar is the page's whole state: what is shown can be bookmarked, sent and gone back
 * to. Defaults are left out; a part that cannot be read falls back to its default, and that is
 * reported.
 */
import { parseScaled } from '../../flow/units.ts'
import { isZone } from '../../flow/zone.ts'
import { readRange } from '../explain/ranges.ts'
import { readable } from './readable.ts'

/** What the traffic is split by. */
export const splits = ['host', 'port', 'protocol', 'interface', 'exporter', 'direction'] as const
export type Split = (typeof splits)[number]

/** The words of /api/series for each split. */
export const splitKeys: Record<Split, string> = {
  host: 'host,direction',
  port: 'port,direction',
  protocol: 'protocol,direction',
  interface: 'exporter,interface,direction',
  exporter: 'exporter,direction',
  direction: 'direction',
}

/** What is measured. */
export const measures = ['bits', 'packets', 'flows', 'active', 'connections'] as const
export type Measure = (typeof measures)[number]
/** Those that are kept for years; connections come from the archive only. */
export const keptMeasures = measures.filter((each) => each !== 'connections')

/** How often a range that ends now is fetched again; auto follows the width of a pixel. */
export const refreshChoices = ['auto', 'off', '5s', '10s', '30s', '1m', '5m', '15m', '1h'] as const
type Refresh = (typeof refreshChoices)[number]

/** How it is drawn: received above and sent below, all above, lines, or figures alone. */
export const drawings = ['mirror', 'stack', 'lines', 'table'] as const
export type Drawing = (typeof drawings)[number]

/**
 * The dashed comparison: none, or the same time this many days before, in whole weeks except 1d.
 */
export const comparisons = ['none', '1d', '7d', '28d', '364d'] as const
export type Comparison = (typeof comparisons)[number]

/** Steps to choose from, in seconds; auto fits the width. */
export const stepChoices = ['auto', '1', '10', '60', '300', '1800', '7200', '86400'] as const
type StepChoice = (typeof stepChoices)[number]

const switches = ['off', 'on'] as const

export interface View {
  /** Texts of the time grammar. */
  from: string
  to: string
  by: Split
  measure: Measure
  /** Address or name of an exporter; empty for all. */
  exporter: string
  filter: string
  /** IANA zone, or empty for the server's setting. */
  tz: string
  refresh: Refresh
  draw: Drawing
  compare: Comparison
  step: StepChoice
  /** Whether the 95th percentile is drawn as a line. */
  p95: (typeof switches)[number]
  /** A line to compare with, in the measure's unit: 100M; empty for none. */
  threshold: string
  /** What is explained: `shown` for the window, FROM/TO for a range; empty for nothing. */
  explain: string
  /** The only layer ids drawn; empty for all. */
  only: readonly string[]
  /** Layer ids that are not drawn. */
  hide: readonly string[]
}

export const defaultView: View = {
  from: 'now-6h',
  to: 'now',
  by: 'host',
  measure: 'bits',
  exporter: '',
  filter: '',
  tz: '',
  refresh: 'auto',
  draw: 'mirror',
  compare: 'none',
  step: 'auto',
  p95: 'off',
  threshold: '',
  explain: '',
  only: [],
  hide: [],
}

/** A part of the address that could not be read. */
export interface AddressFault {
  name: string
  value: string
  remedy: string
}

/** More keys than are ever drawn. */
const keysMax = 200

/** How a parameter of an address is read. */
export interface Reading {
  /** Null: it cannot be read. */
  read: (text: string) => View[keyof View] | null
  remedy: string
}

interface Parameter extends Reading {
  write: (value: View[keyof View]) => string
}

/** One of some words. */
export function word(choices: readonly string[]): Parameter {
  return {
    read: (value) => (choices.includes(value) ? value : null),
    write: String,
    remedy: `it may be ${choices.join(', ')}`,
  }
}

/** Any text up to a length. */
export function text(lengthMax: number): Parameter {
  return {
    read: (value) => (value.length <= lengthMax ? value : null),
    write: String,
    remedy: `at most ${lengthMax} characters`,
  }
}

const keys: Parameter = {
  read: (value) => value.split(',').filter(Boolean).slice(0, keysMax),
  write: (value) => (value as string[]).join(','),
  remedy: '',
}

/** The parameters of Explore; other views have some of them. */
export const parameters: Record<keyof View, Parameter> = {
  from: text(64),
  to: text(64),
  by: word(splits),
  measure: word(measures),
  exporter: text(255),
  filter: text(4096),
  tz: {
    read: (value) => (isZone(value) ? value : null),
    write: String,
    remedy: 'name an IANA time zone such as Europe/Brussels',
  },
  refresh: word(refreshChoices),
  draw: word(drawings),
  compare: word(comparisons),
  step: word(stepChoices),
  p95: word(switches),
  threshold: {
    read: (value) => (parseScaled(value) === null ? null : value),
    write: String,
    remedy: 'write a figure such as 100M or 2.5G',
  },
  explain: {
    read: (value) => (value === 'shown' || readRange(value) ? value : null),
    write: String,
    remedy: 'write shown, or a range such as 2026-11-16T11:32:10Z/2026-11-16T11:36:33Z',
  },
  only: keys,
  hide: keys,
}
const names = Object.keys(parameters) as (keyof View)[]

/** The view of an address's query, and the parts that could not be read. */
export function readAddress(query: string): { view: View; faults: AddressFault[] } {
  const { values, faults } = readQuery(query, parameters)
  return { view: { ...defaultView, ...values }, faults }
}

/** The values of a query that could be read, and the parts that could not. */
export function readQuery(
  query: string,
  readings: Readonly<Record<string, Reading>>,
): { values: Record<string, View[keyof View]>; faults: AddressFault[] } {
  const faults: AddressFault[] = []
  const values: Record<string, View[keyof View]> = {}
  const known = new Map(Object.entries(readings))
  for (const [name, value] of new URLSearchParams(query)) {
    if (value === '') continue
    const reading = known.get(name)
    const read = reading?.read(value) ?? null
    if (read !== null) values[name] = read
    else {
      const remedy = reading?.remedy ?? `known parameters: ${[...known.keys()].join(', ')}`
      faults.push({ name, value, remedy })
    }
  }
  return { values, faults }
}

/** The query of a view, with its `?`; from and to are always included, other defaults are not. */
export function writeAddress(view: View): string {
  const query = names
    .filter((name) => name === 'from' || name === 'to' || !isDefault(view, name))
    .map((name) => `${name}=${readable(parameters[name].write(view[name]))}`)
  return `?${query.join('&')}`
}

function isDefault(view: View, name: keyof View): boolean {
  const write = parameters[name].write
  return write(view[name]) === write(defaultView[name])
}
