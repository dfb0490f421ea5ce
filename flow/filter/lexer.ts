/** Splits a filter's text into words and signs with their positions. */
import { FilterError } from '../filter.ts'

export interface Token {
  kind: 'word' | 'quoted' | 'sign' | 'end'
  text: string
  /** Offset in characters. */
  position: number
}

/** The longest text accepted. */
const textMax = 16_384

/** Comments run from # to the end of the line. */
const pattern =
  /(?<space>\s+|#[^\n]*)|"(?<quoted>[^"\n]*)"|(?<sign>&&|\|\||==|!=|>=|<=|[()[\],<>=!])|(?<word>[^\s()[\],<>=!&|"#]+)/gy

/** Signs and short words with the words they stand for. */
const meanings: Record<string, string> = {
  '&&': 'and',
  '||': 'or',
  '!': 'not',
  '==': '=',
  eq: '=',
  gt: '>',
  lt: '<',
  ge: '>=',
  le: '<=',
  ne: '!=',
}

/**
 * The tokens of a text, the end token last. `isWord` finds keywords, in either case.
 * @throws FilterError at a character that is not in the language, or if the text is too long
 */
export function tokensOf(text: string): Token[] {
  if (text.length > textMax)
    throw new FilterError({ position: textMax, found: '…' }, `at most ${textMax} characters`)
  const tokens: Token[] = []
  const end: Token = { kind: 'end', text: '', position: text.length }
  pattern.lastIndex = 0
  while (pattern.lastIndex < text.length) {
    const position = pattern.lastIndex
    const groups = pattern.exec(text)?.groups
    if (!groups)
      throw new FilterError({ position, found: text[position]! }, 'a word, a number or a sign')
    const { quoted, sign, word } = groups
    if (quoted !== undefined) tokens.push({ kind: 'quoted', text: quoted, position })
    else if (sign !== undefined)
      tokens.push({ kind: 'sign', text: meanings[sign] ?? sign, position })
    else if (word !== undefined) tokens.push(wordToken(word, position))
  }
  return [...tokens, end]
}

function wordToken(text: string, position: number): Token {
  const lower = text.toLowerCase()
  const meaning = Object.hasOwn(meanings, lower) ? meanings[lower] : undefined
  return meaning === undefined
    ? { kind: 'word', text, position }
    : { kind: 'sign', text: meaning, position }
}

/** The lower-case word if a token is one of the words, in either case; null otherwise. */
export function wordIn(token: Token, words: readonly string[]): string | null {
  if (token.kind === 'quoted' || token.kind === 'end') return null
  const lower = token.text.toLowerCase()
  return words.includes(lower) ? lower : null
}
