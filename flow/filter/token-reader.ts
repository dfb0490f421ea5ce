/** Reads the tokens of a filter one by one, within limits. */
import { FilterError, type Wanted } from '../filter.ts'
import { tokensOf, wordIn, type Token } from './lexer.ts'

/** Most conditions, operators and values in a filter, and deepest nesting of parentheses. */
const nodesMax = 5000
const depthMax = 100

export class TokenReader {
  readonly #tokens: readonly Token[]
  #at = 0
  #nodes = 0
  #depth = 0

  /** @throws FilterError if the text contains a character that is not in the language */
  constructor(text: string) {
    this.#tokens = tokensOf(text)
  }

  /** The next token, or the one `ahead` further on. */
  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!
  }

  take(): Token {
    const token = this.peek()
    if (token.kind !== 'end') this.#at++
    return token
  }

  /** Consumes the next token if it is one of the words; returns the word in lower case, else null. */
  takeIf(...words: readonly string[]): string | null {
    const word = wordIn(this.peek(), words)
    if (word !== null) this.#at++
    return word
  }

  isAtEnd(): boolean {
    return this.peek().kind === 'end'
  }

  /** Counts a node of the filter. @throws FilterError if there are too many */
  count(): void {
    if (++this.#nodes > nodesMax) throw this.refuse(`at most ${nodesMax} conditions and values`)
  }

  /** Reads a nested part. @throws FilterError if it is nested too deeply */
  within<Result>(read: () => Result): Result {
    if (++this.#depth > depthMax)
      throw this.refuse(`at most ${depthMax} parentheses and nots within each other`)
    const result = read()
    this.#depth--
    return result
  }

  /** The error for an unexpected next token, or for the given one. */
  refuse(expected: string, wanted: Wanted = {}, token: Token = this.peek()): FilterError {
    const place = { position: token.position, found: token.text }
    return new FilterError(place, expected, wanted)
  }
}
