/** The grammar of filters: conditions joined by and, or, not and parentheses. */
import { allOf, noneOf, oneOf, type Filter, type Wanted } from '../filter.ts'
import { readCondition } from './condition.ts'
import { noNames, type FilterContext, type Reading } from './context.ts'
import { TokenReader } from './token-reader.ts'

/** What may follow a complete condition. */
const joints: Wanted = { words: ['and', 'or'] }

/**
 * Parses a filter such as `host 10.0.0.22 and dst port 443`; empty text is no filter (null).
 * @throws FilterError with the position and what was expected
 */
export function parseFilter(text: string, context: FilterContext = noNames): Filter | null {
  const reader = new TokenReader(text)
  if (reader.isAtEnd()) return null
  const filter = either({ reader, context, isNegated: false })
  if (!reader.isAtEnd()) throw reader.refuse('"and", "or" or the end', joints)
  return filter
}

function either(reading: Reading): Filter {
  const terms = [every(reading)]
  while (reading.reader.takeIf('or')) terms.push(every(reading))
  return terms.length === 1 ? terms[0]! : oneOf(terms)
}

function every(reading: Reading): Filter {
  const terms = [single(reading)]
  while (reading.reader.takeIf('and')) terms.push(single(reading))
  return terms.length === 1 ? terms[0]! : allOf(terms)
}

function single(reading: Reading): Filter {
  const { reader } = reading
  reader.count()
  if (reader.takeIf('not')) {
    const negated = { ...reading, isNegated: !reading.isNegated }
    return noneOf(reader.within(() => single(negated)))
  }
  if (!reader.takeIf('(')) return readCondition(reading)
  const inner = reader.within(() => either(reading))
  if (!reader.takeIf(')'))
    throw reader.refuse('"and", "or" or ")"', { words: [...joints.words!, ')'] })
  return inner
}
