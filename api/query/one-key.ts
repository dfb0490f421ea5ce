/** One key of a split, selected by name instead of by rank: a host, a port, an interface. */
import { storedWord, wordForm } from '../../flow/key.ts'
import type { SeriesKey } from '../../store/series.ts'
import { badQuery } from '../errors.ts'
import type { Split } from './measured.ts'

/**
 * The key that a text such as 10.0.0.22 or tcp/443 names: the words of the split without the
 * direction, in order, separated by /.
 * @throws ApiError if the split has other words or is not stored, or a word cannot have that value
 */
export function readKey(text: string, split: Split): SeriesKey {
  const { ranked, measurement } = split
  if (measurement === null || ranked.length === 0)
    throw badQuery(
      'key-not-stored',
      '"key" works only with splits that are stored',
      'ask with by=host, port, protocol, interface or exporter, or use a filter',
    )
  const values = text.split('/')
  if (values.length !== ranked.length || values.includes(''))
    throw badQuery(
      'bad-key',
      `"${text}" is not a key of by=${ranked.join(',')}`,
      `write it as ${ranked.map((word) => word.toUpperCase()).join('/')}`,
    )
  return Object.fromEntries(
    ranked.map((word, i) => {
      const stored = storedWord(word, values[i]!)
      if (stored === null)
        throw badQuery(
          'bad-key',
          `"${values[i]}" is not a valid ${word}`,
          `write ${wordForm(word)}`,
        )
      return [word, stored]
    }),
  )
}
