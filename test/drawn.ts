/**
 * What tests draw at random, by one seed a run, which is told, so that whatever failed can be drawn again: data
 * beside a property too. Properties of a file that takes this in go by the same seed, since what they find may
 * depend on the data, and on what was asked before.
 */
import { randomInt } from 'node:crypto'

import * as fc from 'fast-check'

/** Such as `WEIR_TEST_SEED=7 npm test test/store/archive/query.test.ts`. */
const given = process.env['WEIR_TEST_SEED']

/** The seed of this run. */
export const seed = given === undefined ? randomInt(2 ** 31) : Number(given)

console.log(`drawn by WEIR_TEST_SEED=${seed}`)
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed })

/** So many values of an arbitrary. */
export function drawn<Value>(arbitrary: fc.Arbitrary<Value>, count: number): Value[] {
  return fc.sample(arbitrary, { seed, numRuns: count })
}

/** One value of an arbitrary, such as a list of a length that is wanted. */
export function drawnOne<Value>(arbitrary: fc.Arbitrary<Value>): Value {
  return drawn(arbitrary, 1)[0]!
}
