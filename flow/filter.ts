/**
 * Filters: one AST for whatever a user typed, from which the archive's SQL and a predicate over
 * columns are made. For now conditions of equality joined by `and`; the grammar grows here.
 */
import { parseAddress } from './address.ts'

export type Filter =
  | { kind: 'and'; terms: Filter[] }
  | { kind: 'host'; side: 'source' | 'destination' | 'either'; address: string }
  | { kind: 'port'; side: 'source' | 'destination' | 'either'; port: number }
  | { kind: 'protocol'; protocol: string }
  | { kind: 'exporter'; exporter: string }
  | { kind: 'interface'; side: 'in' | 'out' | 'either'; index: number }

/** A filter that cannot be read: where (offset in characters) and what was expected there. */
export class FilterError extends Error {
  readonly position: number
  readonly expected: string

  constructor(position: number, expected: string, found: string) {
    super(`filter: expected ${expected} at position ${position}, found ${found}`)
    this.name = 'FilterError'
    this.position = position
    this.expected = expected
  }
}

interface Word {
  text: string
  position: number
}

const sides: Record<string, 'source' | 'destination'> = { src: 'source', dst: 'destination' }

/**
 * Reads a filter such as `host 10.0.0.22 and dst port 443`; an empty text is no filter (null).
 * @throws FilterError with the position and what was expected
 */
export function parseFilter(text: string): Filter | null {
  const words: Word[] = [...text.matchAll(/\S+/g)].map((m) => ({ text: m[0], position: m.index }))
  if (words.length === 0) return null
  const terms: Filter[] = []
  let at = 0
  const take = (): Word => words[at++] ?? { text: '', position: text.length }
  do {
    terms.push(term(take))
  } while (at < words.length && conjunction(take()))
  return terms.length === 1 ? terms[0]! : { kind: 'and', terms }
}

function conjunction(word: Word): true {
  if (word.text !== 'and') throw refuse(word, '"and" or the end')
  return true
}

function term(take: () => Word): Filter {
  const first = take()
  const side = sides[first.text]
  const field = side ? take() : first
  const value = (expected: string, parse: (text: string) => Filter | null) => {
    const word = take()
    const parsed = parse(word.text)
    if (!parsed) throw refuse(word, expected)
    return parsed
  }
  switch (field.text) {
    case 'host':
    case 'ip':
      return value('an address', (address) =>
        parseAddress(address) ? { kind: 'host', side: side ?? 'either', address } : null,
      )
    case 'port':
      return value('a port, 0 to 65535', (port) =>
        isWholeUpTo(port, 65_535)
          ? { kind: 'port', side: side ?? 'either', port: Number(port) }
          : null,
      )
  }
  if (side) throw refuse(field, 'host or port')
  switch (field.text) {
    case 'proto':
    case 'protocol':
      return value('a protocol', (protocol) =>
        protocol === '' ? null : { kind: 'protocol', protocol: protocol.toLowerCase() },
      )
    case 'exporter':
      return value('an exporter', (exporter) =>
        exporter === '' ? null : { kind: 'exporter', exporter },
      )
    case 'in':
    case 'out': {
      const word = take()
      if (word.text !== 'if') throw refuse(word, '"if"')
      return value('an interface index', (index) =>
        interfaceTerm(field.text as 'in' | 'out', index),
      )
    }
    case 'if':
    case 'interface':
      return value('an interface index', (index) => interfaceTerm('either', index))
    default:
      throw refuse(field, 'host, port, proto, exporter, in if, out if or if')
  }
}

function interfaceTerm(side: 'in' | 'out' | 'either', index: string): Filter | null {
  return isWholeUpTo(index, 0xffffffff) ? { kind: 'interface', side, index: Number(index) } : null
}

function isWholeUpTo(text: string, most: number): boolean {
  return /^\d{1,10}$/.test(text) && Number(text) <= most
}

function refuse(word: Word, expected: string): FilterError {
  return new FilterError(word.position, expected, word.text === '' ? 'the end' : `"${word.text}"`)
}
