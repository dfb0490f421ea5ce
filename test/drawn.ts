/**
 * Random test data, from one printed seed per run, so that a failure can be reproduced, including
 * data outside of properties. Properties in a file that imports this use the same seed, because
 * their findings may depend on the data and on earlier queries.
 */
import { randomInt } from 'node:crypto'

import * as fc from 'fast-check'

/** Such as `WEIR_TEST_SEED=7 npm test test/store/archive/query.test.ts`. */
const given = process.env['WEIR_TEST_SEED']

/** The seed of this run. */
export const seed = given === undefined ? randomInt(2 ** 31) : Number(given)

console.log(`drawn by WEIR_TEST_SEED=${seed}`)
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed })

/** A number of values of an arbitrary. */
export function drawn<Value>(arbitrary: fc.Arbitrary<Value>, count: number): Value[] {
  return fc.sample(arbitrary, { seed, numRuns: count })
}

/** One value of an arbitrary, such as a list of a required length. */
export function drawnOne<Value>(arbitrary: fc.Arbitrary<Value>): Value {
  return drawn(arbitrary, 1)[0]!
}
