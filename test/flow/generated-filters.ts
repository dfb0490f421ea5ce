/** Filters of every kind from fast-check, with values that occur in the tests' flows. */
import * as fc from 'fast-check'

import { parseNetwork } from '../../flow/address.ts'
import type { Filter, Range } from '../../flow/filter.ts'
import {
  addressFields, type AddressFieldName, type NumberFieldName,
} from '../../flow/filter/fields.ts' // prettier-ignore

const sides = fc.constantFrom('source', 'destination', 'either', 'both')

/** The fields of test flows, with values that some of them have. */
const values: Record<NumberFieldName, readonly number[]> = {
  port: [0, 53, 80, 443, 1023, 1024, 50_000, 51_000, 65_535],
  protocol: [1, 6, 17, 58, 253],
  interface: [0, 1, 2, 3, 2 ** 32 - 1],
  as: [0, 65_001, 2 ** 32 - 1],
  mask: [0, 24, 128],
  vlan: [0, 100, 4094],
  mac: [0, 1, 2 ** 48 - 1],
  tos: [0, 16, 184, 255],
  dscp: [0, 4, 46, 63],
  icmpType: [0, 3, 8, 128],
  icmpCode: [0, 3, 255],
  bytes: [0, 1, 1000, 1e6, 2 ** 40],
  packets: [0, 1, 10, 1e6],
  duration: [0, 1, 1000, 300_000],
  bps: [0, 1, 8000, 1e6],
  pps: [0, 1, 1000],
  bpp: [0, 1, 40, 100, 1500],
  sampling: [1, 100, 1000],
  application: [0, 3 * 2 ** 24 + 443, 2 ** 32 - 1],
  natPort: [0, 443, 65_535],
  vrf: [0, 2 ** 32 - 1],
  mplsLabel: [0, 2 ** 20 - 1],
  flowDirection: [0, 1],
  observationDomain: [0, 2 ** 32 - 1],
}

function rangesOf(known: readonly number[]): fc.Arbitrary<Range[]> {
  const one = fc.constantFrom(...known)
  const range = fc.tuple(one, one).map(([a, b]): Range => [Math.min(a, b), Math.max(a, b)])
  return fc.oneof(
    one.map((value): Range[] => [[value, value]]),
    one.map((value): Range[] => [[value, Number.POSITIVE_INFINITY]]),
    one.map((value): Range[] => [[0, value]]),
    fc.array(range, { minLength: 1, maxLength: 3 }).map((ranges) => apart(ranges)),
  )
}

/** Ranges of a filter are sorted and do not touch. */
function apart(ranges: readonly Range[]): Range[] {
  const kept: Range[] = []
  for (const range of [...ranges].sort((a, b) => a[0] - b[0]))
    if (kept.every(([, most]) => range[0] > most + 1)) kept.push(range)
  return kept
}

/** Filters with at most this many nested operators; addresses are the given ones and their networks. */
export function generatedFilters({
  addresses,
  depth = 3,
}: {
  addresses: readonly string[]
  depth?: number
}): fc.Arbitrary<Filter> {
  const network = fc
    .record({
      address: fc.constantFrom(...addresses),
      length: fc.constantFrom(0, 8, 24, 31, 32, 64, 127, 128),
    })
    .map(({ address, length }) => {
      const width = address.includes(':') ? 128 : 32
      return parseNetwork(`${address}/${Math.min(width, length)}`)!
    })
  const number = fc.constantFrom(...(Object.keys(values) as NumberFieldName[])).chain((field) =>
    fc.record({
      kind: fc.constant('number' as const),
      field: fc.constant(field),
      side: sides,
      ranges: rangesOf(values[field]),
    }),
  )
  const address = fc.record({
    kind: fc.constant('address' as const),
    field: fc.constantFrom(...(Object.keys(addressFields) as AddressFieldName[])),
    side: sides,
    networks: fc.array(network, { minLength: 1, maxLength: 4 }),
    except: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      fc.array(network, { minLength: 1, maxLength: 2 }),
    ),
  })
  const bits = fc
    .record({
      field: fc.constantFrom('flags', 'tos'),
      test: fc.constantFrom('equal', 'any'),
      mask: fc.constantFrom(1, 2, 16, 18, 27, 63, 255),
      value: fc.constantFrom(0, 2, 16, 18, 27),
    })
    .map(({ field, test, mask, value }): Filter =>
      test === 'any' && field === 'flags'
        ? { kind: 'bits', field, test, mask, value: mask }
        : { kind: 'bits', field, test: 'equal', mask, value: value & mask },
    )
  const leaf: fc.Arbitrary<Filter> = fc.oneof(
    { weight: 5, arbitrary: number },
    { weight: 4, arbitrary: address },
    { weight: 2, arbitrary: bits },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Filter>(
        { kind: 'family', version: 4 },
        { kind: 'family', version: 6 },
        { kind: 'any' },
      ),
    },
  )
  return fc.letrec<{ filter: Filter }>((tie) => {
    const terms = fc.array(tie('filter'), { minLength: 2, maxLength: 3 })
    return {
      filter: fc.oneof(
        { maxDepth: depth, depthIdentifier: 'filter' },
        leaf,
        terms.map((list): Filter => ({ kind: 'and', terms: list })),
        terms.map((list): Filter => ({ kind: 'or', terms: list })),
        tie('filter').map((term): Filter => ({ kind: 'not', term })),
      ),
    }
  }).filter
}
