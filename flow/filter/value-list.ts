/**
 * The values of a condition: one, several with commas (FlowViewer), or a list in brackets (nfdump).
 * A leading - excludes.
 */
import type { Wanted } from '../filter.ts'
import type { Token } from './lexer.ts'
import type { TokenReader } from './token-reader.ts'

export interface ValueToken {
  token: Token
  /** Without the leading -. */
  text: string
  isExcluded: boolean
}

/** What to report if there is no value. */
export interface Expected {
  text: string
  wanted: Wanted
}

/** @throws FilterError if a list is not closed or is empty */
export function readValues(reader: TokenReader, expected: Expected): ValueToken[] {
  if (reader.takeIf('[')) return readBracketed(reader, expected)
  const values = [readValue(reader, expected)]
  while (reader.takeIf(',')) values.push(readValue(reader, expected))
  return values
}

function readBracketed(reader: TokenReader, expected: Expected): ValueToken[] {
  const values = [readValue(reader, expected)]
  while (!reader.takeIf(']')) {
    reader.takeIf(',')
    if (reader.isAtEnd()) throw reader.refuse(`${expected.text} or "]"`, expected.wanted)
    values.push(readValue(reader, expected))
  }
  return values
}

function readValue(reader: TokenReader, { text, wanted }: Expected): ValueToken {
  const token = reader.peek()
  if (token.kind !== 'word' && token.kind !== 'quoted') throw reader.refuse(text, wanted)
  reader.count()
  reader.take()
  const isExcluded = token.kind === 'word' && token.text.startsWith('-')
  return { token, text: isExcluded ? token.text.slice(1) : token.text, isExcluded }
}
