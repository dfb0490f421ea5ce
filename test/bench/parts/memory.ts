/** Memory of ingest under load, over the end of an interval. */
import { figure, type Figure } from '../figure.ts'
import { memoryUnderLoad, steadyOf } from '../memory.ts'
import type { Part } from './part.ts'

const usual = { rate: 100_000, hosts: 100_000, seconds: 78, mebibytes: 300 }
const most = { rate: 900_000, hosts: 1_000_000, seconds: 70, mebibytes: 1024 }

export const memory: Part = async ({ isWhole }) => {
  const figures: Figure[] = []
  for (const { mebibytes, ...load } of isWhole ? [usual, most] : [usual]) {
    const use = await memoryUnderLoad({ ...load, crossesEnd: true })
    const [rate, hosts] = [load.rate, load.hosts].map((count) => count.toLocaleString('en'))
    const what = `ingest, ${rate} flows/s, ${hosts} hosts`
    const together = Math.max(...use.perSecond.map(({ all, beside }) => all + beside))
    figures.push(
      figure(`${what}: steady`, steadyOf(use).all, 'MiB', { most: mebibytes }),
      figure(`${what}: at any instant`, use.peakMiB, 'MiB', { most: mebibytes }),
      figure(`${what}: with its processes`, together, 'MiB'),
      figure(`${what}: not counted`, use.sentFlows - use.flows, 'flows', { most: 0 }),
    )
  }
  return figures
}
