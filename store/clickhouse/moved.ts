/** Which exporters were received by one collector and which by several. */
import type { Tier } from '../../flow/interval.ts'
import type { Connection } from './connection.ts'
import { dateTimeOf, tableOf } from './rows.ts'
import { coverageName } from '../coverage.ts'

interface Heard {
  /** Exporters received only by this collector, and those received by others too. */
  alone: string[]
  shared: string[]
}

export async function readHeard(
  connection: Connection,
  writer: string,
  { tier, from, to }: { tier: Tier; from: number; to: number },
): Promise<Heard> {
  const answer = await connection.read({
    sql: `SELECT exporter, max(writer = {writer:String}) AS here, max(writer <> {writer:String}) AS elsewhere
      FROM ${tableOf(connection, tier).whole}
      WHERE measurement = {coverage:String} AND time >= {from:DateTime} AND time < {to:DateTime}
      GROUP BY exporter ORDER BY exporter`,
    values: {
      writer,
      coverage: coverageName,
      from: dateTimeOf(from),
      to: dateTimeOf(to),
    },
  })
  const heard: Heard = { alone: [], shared: [] }
  for (const [i, exporter] of answer.texts('exporter').entries()) {
    if (answer.columns['here']![i] !== 1) continue
    if (answer.columns['elsewhere']![i] === 1) heard.shared.push(exporter)
    else heard.alone.push(exporter)
  }
  return heard
}
