/** A start beside a year of archive. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { intervalMs } from '../../../flow/interval.ts'
import { startApi, startIngest } from '../../cli/year.ts'
import { figure, median, type Figure } from '../figure.ts'
import { makeYear } from '../year-data.ts'
import type { Part } from './part.ts'

const rounds = 5
const readyMsMost = 2000

export const start: Part = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-year-'))
  try {
    const end = Math.floor(Date.now() / intervalMs) * intervalMs
    const files = await makeYear({ folder, end, days: 365, hosts: 100 })
    await startApi(folder)
    const figures: Figure[] = []
    for (const [name, begin] of [
      ['the API answers', startApi],
      ['ingest listens', startIngest],
    ] as const) {
      const ms: number[] = []
      for (let round = 0; round < rounds; round++) ms.push((await begin(folder)).ms)
      const what = `${name}, beside ${files.toLocaleString('en')} files`
      figures.push(figure(what, median(ms), 'ms', { most: readyMsMost }))
    }
    return figures
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
