/** The highest rate without a lost flow, beside other receivers and the plain loops. */
import { figure, type Figure } from '../figure.ts'
import { zeroLoss, type ZeroLoss, type ZeroLossOptions } from '../zero-loss.ts'
import type { Part } from './part.ts'

const versions = ['v5', 'v9'] as const
const buffers = { large: '64MB', small: '4MB' }
const everywhere = { versions, hosts: 100_000, exporters: 1 }

/** The range in which each rate is searched; the machine may be a slow one. */
const ranges: Record<string, { least: number; most: number }> = {
  weir: { least: 1_000_000, most: 6_500_000 },
  'receive and decode': { least: 2_000_000, most: 12_000_000 },
  'receive loop of many': { least: 2_000_000, most: 12_000_000 },
  nfcapd: { least: 1_500_000, most: 9_000_000 },
  'nfcapd, lz4': { least: 1_200_000, most: 6_000_000 },
  'nfacctd, memory': { least: 100_000, most: 1_500_000 },
  'nfacctd, print': { least: 300_000, most: 2_500_000 },
  'goflow2, bin to a file': { least: 60_000, most: 2_500_000 },
}

/** The target with everything on: this many times another receiver's rate. */
const summed = { 'nfacctd, memory': 5, 'nfacctd, print': 5, 'goflow2, bin to a file': 5 }
const times = { v5: { 'nfcapd, lz4': 1, ...summed }, v9: { 'nfcapd, lz4': 0.7, ...summed } }
/** The same for receiving and decoding alone. */
const timesAlone: Record<string, number> = { nfcapd: 0.9, 'receive loop of many': 0.6 }

/** How a rate was held: without loss for the run, or so that it could last for ever. */
const hows = { flowsPerSecond: 'no loss', inTimePerSecond: 'done as it comes' } as const
type How = keyof typeof hows

export const load: Part = async ({ isWhole }) => {
  const whole = { seconds: 20, rampSeconds: 5, times: 3, steps: 5 }
  const ours = isWhole ? whole : { seconds: 8, rampSeconds: 3, times: 1, steps: 4 }
  const theirs = isWhole ? whole : { seconds: 5, rampSeconds: 2, times: 1, steps: 4 }
  const rows: ZeroLoss[] = []
  for (const [receiver, range] of Object.entries(ranges)) {
    const length = receiver === 'weir' ? ours : theirs
    rows.push(...(await search({ ...length, ...range, buffers: [buffers.large], receivers: [receiver] }))) // prettier-ignore
  }
  const untuned = { ...ours, least: 500_000, most: 3_000_000, buffers: [buffers.small] }
  rows.push(...(await search({ ...untuned, receivers: ['weir'] })))
  return figuresOf(rows)
}

function search(asked: Omit<ZeroLossOptions, keyof typeof everywhere>): Promise<ZeroLoss[]> {
  return zeroLoss({ ...everywhere, ...asked })
}

/** The rates as figures, ours beside each of the others. */
export function figuresOf(rows: readonly ZeroLoss[]): Figure[] {
  return versions.flatMap((version) => {
    const ofVersion = rows.filter((row) => row.version === version)
    const held = (receiver: string, how: How, buffer = buffers.large) => {
      const row = ofVersion.find((each) => each.receiver === receiver && each.buffer === buffer)
      return row && row[how] / 1e6
    }
    const ours = (what: string, receiver: string, how: How, buffer?: string): Figure[] => {
      const value = held(receiver, how, buffer)
      return value === undefined ? [] : [figure(`${hows[how]}, ${what}, ${version}`, value, 'M flows/s')] // prettier-ignore
    }
    const beside = (figures: Figure[], how: How, least: Record<string, number>): Figure[] =>
      figures.flatMap((one) =>
        Object.entries(least).flatMap(([name, bound]) => {
          const value = held(name, how)
          const asked = { least: bound, ofBeside: true as const }
          return value === undefined ? [] : [{ ...one, beside: { name, value }, asked }]
        }),
      )
    const everything = (how: How) => {
      const large = ours(`everything on, ${buffers.large}`, 'weir', how)
      const small = ours(`everything on, ${buffers.small}`, 'weir', how, buffers.small)
      return [
        ...large.map((one) => ({ ...one, asked: { least: 2 } })),
        ...beside(large, how, times[version]),
        ...small.map((one) => ({ ...one, asked: { least: 1 } })),
      ]
    }
    const processor = ofVersion.flatMap((row) => {
      const value = row.steadySecondsPerMillion ?? row.cpuSecondsPerMillion
      const what = `processor, ${row.receiver}, ${row.buffer}, ${version}`
      return value === null ? [] : [figure(what, value, 'CPU-s/M flows')]
    })
    return [
      ...everything('flowsPerSecond'),
      ...everything('inTimePerSecond'),
      ...beside(
        ours('received and decoded', 'receive and decode', 'flowsPerSecond'),
        'flowsPerSecond',
        timesAlone,
      ),
      ...processor,
    ]
  })
}
