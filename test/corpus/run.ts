/**
 * `npm run corpus -- DIR [PART]`: decodes each case of a folder of real exports (those whose name
 * contains PART) and compares it with other decoders' results. One line per case, then a summary; exit
 * code 1 if no rule explains a difference (see rules.ts), 2 if there is no such folder.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

import { caseNames } from './case.ts'
import { checkCase, type CheckedCase } from './check-case.ts'
import { differenceLine, lineOf, summaryOf } from './report.ts'

/** Differences printed per case. */
const shownMax = 5

const [folder, part = ''] = process.argv.slice(2)
if (folder === undefined || !existsSync(folder)) {
  console.error('give the folder of the corpus: npm run corpus -- DIR; each case is a folder with a case.json') // prettier-ignore
  process.exit(2)
}
const corpus = resolve(folder)
const checked: CheckedCase[] = []
for (const name of caseNames(corpus).filter((one) => one.includes(part))) {
  const one = await checkCase(corpus, name)
  checked.push(one)
  console.log(lineOf(one))
  for (const difference of one.unexplained.slice(0, shownMax))
    console.log(`    ${differenceLine(difference)}`)
}
console.log(summaryOf(checked))
process.exitCode = checked.some(({ unexplained }) => unexplained.length > 0) ? 1 : 0
