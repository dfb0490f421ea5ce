/** A start with a year of archive. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { intervalMs } from '../../../flow/interval.ts'
import { startsOn } from '../../cli/year.ts'
import { figure, median } from '../figure.ts'
import { makeYear } from '../year-data.ts'
import type { Part } from './part.ts'

const rounds = 5
const readyMsMax = 2000

export const start: Part = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-year-'))
  try {
    const end = Math.floor(Date.now() / intervalMs) * intervalMs
    const files = await makeYear({ folder, end, days: 365, hosts: 100 })
    return [...(await startsOn(folder, rounds))].map(([name, starts]) => {
      const what = `${name}, beside ${files.toLocaleString('en')} files`
      return figure(what, median(starts.map(({ ms }) => ms)), 'ms', { most: readyMsMax })
    })
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
