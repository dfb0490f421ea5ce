/** How much memory this process lets lie before it collects what it no longer needs. */
import { setFlagsFromString } from 'node:v8'

/**
 * By default V8 lets garbage grow to several times what is in use before it looks through the heap: a
 * flood of templates, of which next to nothing is kept, grew the process by hundreds of MiB. Decoding
 * makes hardly any garbage, so looking sooner costs it next to nothing. To be called once a start, which
 * makes much, is over.
 */
export function boundGarbage(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=30')
}
