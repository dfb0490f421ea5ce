/** Reads an archive back, and lists its files. */
import { readdir } from 'node:fs/promises'

import type { Archive } from '../../../store/archive/archive.ts'
import { t0 } from './archived.ts'

export const always = { from: 0, to: 8.64e15 }

/** First times and octets of all flows read back, in order. */
export async function readBack(
  archive: Archive,
  { from, to } = always,
): Promise<[number, number][]> {
  const flows: [number, number][] = []
  for await (const batch of archive.read(from, to))
    for (let i = 0; i < batch.count; i++)
      flows.push([batch.flowStartMilliseconds[i]! - t0, batch.octetDeltaCount[i]!])
  return flows.toSorted(([a, b], [c, d]) => a - c || b - d)
}

export async function parquetFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true })
  return names.filter((name) => name.endsWith('.parquet')).toSorted()
}
