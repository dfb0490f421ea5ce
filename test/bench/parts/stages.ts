/**
 * The cost of decoding and of the stages after it, each in a separate process, and how it grows
 * with hosts and exporters.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import type { DecodeSpeed } from '../decode-speed.ts'
import { figure, type Figure } from '../figure.ts'
import type { LaterStages } from '../later-stages.ts'
import type { StageSpeed } from '../stages.ts'
import type { Part } from './part.ts'

const grown = [
  { hosts: 1000, exporters: 1 },
  { hosts: 10_000, exporters: 1 },
  { hosts: 100_000, exporters: 1 },
  { hosts: 1_000_000, exporters: 1 },
  { hosts: 100_000, exporters: 10 },
  { hosts: 100_000, exporters: 100 },
]
/** At most this many times the cost with the fewest hosts, up to this many hosts. */
const growth = { most: 2, hosts: 100_000 }

async function run<Result>(program: string, args: readonly string[]): Promise<Result> {
  const path = fileURLToPath(new URL(`../${program}`, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [path, ...args])
  return JSON.parse(stdout) as Result
}

export const stages: Part = async () => {
  const figures: Figure[] = []
  for (const version of ['v5', 'v9', 'ipfix']) {
    const { median } = await run<DecodeSpeed>('decode-run.ts', [version])
    figures.push(figure(`decode ${version}, from memory`, median, 'M flows/CPU-s'))
  }
  for (const { stage, median } of await run<StageSpeed[]>('stages.ts', ['v9']))
    figures.push(figure(`${stage}, v9, 100,000 hosts`, median, 'CPU-s/M flows'))
  const { sort, consolidate } = await run<LaterStages>('later-stages.ts', [])
  figures.push(
    figure('sorting the archive’s files, v5', sort, 'CPU-s/M flows'),
    figure('consolidating an interval of 100,000 hosts', consolidate, 'CPU-s'),
  )
  let fewest: number | null = null
  for (const { hosts, exporters } of grown) {
    const found = await run<StageSpeed[]>('stages.ts', ['v5', String(hosts), String(exporters)])
    const value = found.reduce((sum, { median }) => sum + median, 0)
    fewest ??= value
    const what = `all stages, v5, ${hosts.toLocaleString('en')} hosts, exporters: ${exporters}`
    figures.push({
      what,
      value,
      unit: 'CPU-s/M flows',
      beside: { name: `${grown[0]!.hosts} hosts`, value: fewest },
      ...(hosts <= growth.hosts && { asked: { most: growth.most, ofBeside: true } }),
    })
  }
  return figures
}
