/**
 * `npm run bench`: Weir's figures beside those of nfcapd, nfdump, nfacctd and goflow2, as far as
 * installed, and beside the targets. Prints a table and writes test/results/bench.json. Trust
 * ratios, not figures: the machine is shared.
 *
 *     npm run bench -- [--only PART,PART] [--whole] [--folder FOLDER]
 * `--whole` takes an hour or two: every search three times, over 20 seconds. FOLDER keeps generated
 * flows for the next run.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { isMet, lineOf, type Figure } from './figure.ts'
import { api } from './parts/api.ts'
import { load } from './parts/load.ts'
import { memory } from './parts/memory.ts'
import { page } from './parts/page.ts'
import type { Part } from './parts/part.ts'
import { questions } from './parts/questions.ts'
import { room } from './parts/room.ts'
import { stages } from './parts/stages.ts'
import { start } from './parts/start.ts'

const parts: Record<string, Part> = { load, stages, room, questions, memory, api, start, page }
const file = 'test/results/bench.json'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(parts).join() },
    whole: { type: 'boolean', default: false },
    folder: { type: 'string' },
  },
})
const named = values.only.split(',')
const unknown = named.filter((name) => !(name in parts))
if (unknown.length > 0) throw new Error(`no part ${unknown.join()}: there are ${Object.keys(parts).join()}`) // prettier-ignore

const folder = values.folder ?? (await mkdtemp(join(tmpdir(), 'weir-bench-')))
const figures: (Figure & { part: string; isMet: boolean | null })[] = []
const written = {
  node: process.version,
  cores: availableParallelism(),
  processor: cpus()[0]?.model,
  isWhole: values.whole,
  figures,
}
// A running collector alone does not keep this process alive.
const alive = setInterval(() => {}, 1000)
try {
  await mkdir('test/results', { recursive: true })
  for (const part of named) {
    console.log(`\n${part} (load of the machine before it ${loadavg()[0]!.toFixed(1)})`)
    for (const figure of await parts[part]!({ folder, isWhole: values.whole })) {
      console.log(lineOf(figure))
      figures.push({ part, ...figure, isMet: isMet(figure) })
    }
    await writeFile(file, JSON.stringify(written, null, 2))
  }
} finally {
  clearInterval(alive)
  if (values.folder === undefined) await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

console.log(`\nall of it, also in ${file}`)
for (const figure of figures) console.log(lineOf(figure))
