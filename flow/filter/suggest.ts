/** Completions at a position in a filter: words of the grammar and known names. */
import { parseNetwork } from '../address.ts'
import { FilterError, type Wanted } from '../filter.ts'
import { protocolNames } from '../protocol.ts'
import { wordDescriptions } from './about.ts'
import type { FilterContext } from './context.ts'
import { parseFilter } from './parse.ts'

/** The known names. */
export interface KnownNames {
  exporters: readonly { address: string; name: string | null }[]
  interfaces: readonly string[]
  /** Networks and hosts. */
  networks: readonly string[]
  /** Services by IANA name. */
  services: readonly string[]
}

/** A text to replace [from, to) of the filter. */
interface Suggestion {
  text: string
  about: string
  from: number
  to: number
}

/** The most suggestions per answer. */
const suggestionsMax = 50

/** Accepts every name: known names only complete, they do not restrict. */
const anyName: FilterContext = {
  local: [],
  exporters: () => ['::'],
  networks: () => [{ words: [0, 0, 0, 0], bits: 128 }],
  interfaces: () => [{ exporter: '::', index: 0 }],
  services: () => [0],
}

/** A trailing part of a text that may be an incomplete word. */
const partial = /-?"?[^\s()[\],<>=!&|"#]*$/

/**
 * What is valid at `position` (offset in characters), completing the word that ends there; empty if
 * the filter up to there does not parse.
 */
export function filterSuggestions(text: string, position: number, known: KnownNames): Suggestion[] {
  const before = text.slice(0, position)
  const typed = partial.exec(before)![0].replace(/^-/, '')
  const from = before.length - typed.length
  const wanted = wantedAfter(before.slice(0, from).replace(/-$/, ''))
  if (!wanted) return []
  const start = typed.replace(/^"/, '').toLowerCase()
  const found = candidates(wanted, known)
    .filter(({ word }) => word.toLowerCase().startsWith(start) && word.toLowerCase() !== start)
    .map(({ word, about }) => ({ text: written(word), about, from, to: position }))
  const hosts = wanted.words?.includes('host') ? hostsOf(start, known) : []
  return [...found, ...hosts.map((each) => ({ ...each, from, to: position }))].slice(
    0,
    suggestionsMax,
  )
}

/** An address or a name where a field is expected: somebody looks for a host. */
function hostsOf(start: string, known: KnownNames): Pick<Suggestion, 'text' | 'about'>[] {
  if (start === '') return []
  const named = valuesOf
    .address(known)
    .filter(({ word }) => word.toLowerCase().startsWith(start))
    .map(({ word, about }) => ({ text: `host ${written(word)}`, about }))
  return parseNetwork(start) ? [...named, { text: `host ${start}`, about: 'address' }] : named
}

/** What the grammar expects after a text; null if the text already has an error. */
function wantedAfter(head: string): Wanted | null {
  try {
    return parseFilter(head, anyName) === null ? wantedAfterNothing() : { words: ['and', 'or'] }
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    return error.position === head.length ? error.wanted : null
  }
}

function wantedAfterNothing(): Wanted | null {
  try {
    parseFilter('not', anyName)
    return null
  } catch (error) {
    return error instanceof FilterError ? error.wanted : null
  }
}

interface Candidate {
  word: string
  about: string
}

function candidates({ words = [], values }: Wanted, known: KnownNames): Candidate[] {
  const named = values === undefined ? [] : valuesOf[values](known)
  const grammar = words.map((word) => ({ word, about: wordDescriptions[word] ?? '' }))
  return [...named, ...grammar]
}

const valuesOf: Record<NonNullable<Wanted['values']>, (known: KnownNames) => Candidate[]> = {
  exporter: ({ exporters }) =>
    exporters.map(({ address, name }) =>
      name === null ? { word: address, about: 'exporter' } : { word: name, about: address },
    ),
  interface: ({ interfaces }) => interfaces.map((word) => ({ word, about: 'interface' })),
  address: ({ networks }) => networks.map((word) => ({ word, about: 'own name' })),
  protocol: () =>
    protocolNames().map(({ name, number }) => ({ word: name, about: `protocol ${number}` })),
  service: ({ services }) => services.map((word) => ({ word, about: 'service' })),
}

/** A name, in quotes if the lexer would split it. */
function written(word: string): string {
  return /^[^\s()[\],<>=!&|"#-][^\s()[\],<>=!&|"#]*$/.test(word) || /^[()]$/.test(word)
    ? word
    : `"${word.replaceAll('"', '')}"`
}
