/** What answers say of flows that are left out of them. */
import { countOf } from '../flow/units.ts'

/** Said in full. Files have each in a header, and a proxy takes 4 kB of headers, some clients 16. */
const saidMax = 4

/** The first of many sentences, and of how many other things (`one`: what one is called) the same is so. */
export function firstFew(sentences: readonly string[], one: string): string[] {
  const rest = sentences.length - saidMax
  if (rest <= 0) return [...sentences]
  return [...sentences.slice(0, saidMax), `the same is true of ${countOf(rest, one)}`]
}
