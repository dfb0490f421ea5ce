/** Flows and series used by several parts: generated once, and kept as long as their folder. */
import { existsSync } from 'node:fs'
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import { makeArchive } from '../archive-data.ts'
import { makeNfdump } from '../nfdump-data.ts'
import { makeYearOfSeries } from '../series-data.ts'

const flows = 10_000_000
const hosts = 1000

/** A data folder whose archive has ten million flows of one day. */
export function madeDay(folder: string): Promise<string> {
  return made(join(folder, 'day'), async (day) => {
    await makeArchive(join(day, 'archive'), { flows, days: 1 })
  })
}

/** The same flows, as far as IPv4, as nfdump's files. */
export async function madeNfdump(folder: string): Promise<string> {
  const day = await madeDay(folder)
  return made(join(folder, 'nfdump'), async (nfdump) => {
    await makeNfdump(join(day, 'archive'), 1, nfdump)
  })
}

/** The same archive with a year of series beside it, writable. */
export async function madeYear(folder: string): Promise<string> {
  const day = await madeDay(folder)
  return made(join(folder, 'year'), async (year) => {
    await cp(day, year, { recursive: true })
    await makeYearOfSeries(join(year, 'series'), hosts)
  })
}

async function made(folder: string, make: (folder: string) => Promise<void>): Promise<string> {
  if (existsSync(folder)) return folder
  console.log(`making ${folder}`)
  await mkdir(folder, { recursive: true })
  await make(folder)
  return folder
}
