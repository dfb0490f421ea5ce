/** Conditions on single bits: TCP flags by letter, and values with a mask (FlowViewer's 0x02/0x12). */
import type { Filter } from '../filter.ts'
import type { Reading } from './context.ts'
import { bitsFields, flagBits } from './fields.ts'
import type { TokenReader } from './token-reader.ts'
import { readNumber } from './values.ts'

/** nfdump's X: the six flags that it supports. */
const allFlags = 0x3f
const expectedFlags = 'TCP flags such as S, SA, S/SA, 0x02/0x12 or a number'

/**
 * `flags SA`: all of these are set, others may be; `flags S/SA`: of the flags after the slash,
 * exactly those before it; a number: exactly these; `flags any SA`: at least one. As in nfdump,
 * `not flags SA` matches if none of them is set. @throws FilterError
 */
export function readFlags({ reader, isNegated }: Reading): Filter {
  reader.takeIf('=')
  const isAny = reader.takeIf('any') !== null
  const token = reader.peek()
  const { most } = bitsFields.flags
  const [text = '', maskText, more] = token.kind === 'word' ? token.text.split('/') : []
  const letters = flagLetters(text)
  const value = letters ?? readNumber(text, most)
  const mask = maskText === undefined ? null : (flagLetters(maskText) ?? readNumber(maskText, most))
  if (value === null || (maskText !== undefined && mask === null) || more !== undefined)
    throw reader.refuse(expectedFlags)
  reader.take()
  if (isAny || (isNegated && letters !== null && mask === null))
    return { kind: 'bits', field: 'flags', test: 'any', mask: value, value }
  const tested = mask ?? (letters === null ? most : value)
  return { kind: 'bits', field: 'flags', test: 'equal', mask: tested, value }
}

function flagLetters(text: string): number | null {
  if (!/^[a-z]{1,8}$/i.test(text)) return null
  let bits = 0
  for (const letter of text.toUpperCase()) {
    const bit = letter === 'X' ? allFlags : flagBits[letter]
    if (bit === undefined) return null
    bits |= bit
  }
  return bits
}

/** Type of service as VALUE/MASK; null if written otherwise. */
export function readMaskedTos(reader: TokenReader): Filter | null {
  const token = reader.peek()
  const [text = '', maskText, more] = token.kind === 'word' ? token.text.split('/') : []
  if (maskText === undefined) return null
  const { most } = bitsFields.tos
  const [value, mask] = [readNumber(text, most), readNumber(maskText, most)]
  if (value === null || mask === null || more !== undefined)
    throw reader.refuse('a type of service with its mask, such as 0x10/0xfc')
  reader.take()
  return { kind: 'bits', field: 'tos', test: 'equal', mask, value }
}
