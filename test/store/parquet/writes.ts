/** A process that writes until it is killed: see parquet-crash.test.ts. Argument: folder. */
import { openParquetSeries } from '../../../store/parquet/series.ts'
import { coverageOf, stepOf, tiers } from '../series-rows.ts'

/** The steps that are rewritten over and over, each round with different figures. */
export const origin = Date.UTC(2026, 10, 16)
const slots = [0, 1, 13, 30]

export function stepsOfRound(round: number) {
  return slots.map((slot) =>
    stepOf(coverageOf(origin + slot * tiers['5m'].stepMs, '192.0.2.1', { datagrams: round }), {
      total: [{ direction: 'in', bytes: round }],
      host: [{ host: `10.0.0.${round % 5}`, direction: 'in', bytes: round }],
    }),
  )
}

if (process.argv[2] !== undefined) {
  const store = await openParquetSeries(process.argv[2])
  const [first] = await store.coverage({ tier: tiers['5m'], from: origin, to: origin + 1 })
  for (let round = (first?.datagrams ?? 0) + 1; ; round++) {
    process.stdout.write(`begin ${round}\n`)
    await store.write(tiers['5m'], stepsOfRound(round))
    process.stdout.write(`done ${round}\n`)
  }
}
