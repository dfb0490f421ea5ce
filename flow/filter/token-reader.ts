/** The tokens of a filter, read one after the other within bounds. */
import { FilterError, type Wanted } from '../filter.ts'
import { tokensOf, wordIn, type Token } from './lexer.ts'

/** Conditions, operators and values that a filter may have, and parentheses within each other. */
const nodesMax = 5000
const depthMax = 100

export class TokenReader {
  readonly #tokens: readonly Token[]
  #at = 0
  #nodes = 0
  #depth = 0

  /** @throws FilterError where the text holds what stands nowhere in the language */
  constructor(text: string) {
    this.#tokens = tokensOf(text)
  }

  /** The token that comes next, or after so many. */
  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!
  }

  take(): Token {
    const token = this.peek()
    if (token.kind !== 'end') this.#at++
    return token
  }

  /** Takes the next token if it is one of the words; the word in lower case, else null. */
  takeIf(...words: readonly string[]): string | null {
    const word = wordIn(this.peek(), words)
    if (word !== null) this.#at++
    return word
  }

  isAtEnd(): boolean {
    return this.peek().kind === 'end'
  }

  /** Counts what the filter is made of. @throws FilterError where it is too much */
  count(): void {
    if (++this.#nodes > nodesMax) throw this.refuse(`at most ${nodesMax} conditions and values`)
  }

  /** Reads what stands within something. @throws FilterError where it is too deep */
  within<Result>(read: () => Result): Result {
    if (++this.#depth > depthMax)
      throw this.refuse(`at most ${depthMax} parentheses and nots within each other`)
    const result = read()
    this.#depth--
    return result
  }

  /** The error that something else was expected at the next token, or at the one given. */
  refuse(expected: string, wanted: Wanted = {}, token: Token = this.peek()): FilterError {
    const place = { position: token.position, found: token.text }
    return new FilterError(place, expected, wanted)
  }
}
