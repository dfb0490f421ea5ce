/** Extends the examined time to before a gap that ends in it: otherwise it cannot be recognised as one. */
import type { Scene } from '../../flow/incident/scene/scene.ts'
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { nullIfTooLarge } from '../../store/query-error.ts'
import { judge, type JudgeQuery, type Judged } from '../../store/incident/judge.ts'

/** Longer silences are not reported: a network that is closed overnight is silent, too. */
const silenceMsMax = 3 * 3_600_000
/** An exporter that was away by its sequence numbers is reported up to this length. */
const awayMsMax = 24 * 3_600_000

/** Judges [from, to), and for exporters without data just before it, everything since their last data. */
export async function judgeAcrossHoles(query: JudgeQuery): Promise<Judged[]> {
  const judged = await judge(query)
  const back = judged.filter(({ scene }) => isQuietBefore(scene, query.from))
  if (back.length === 0) return judged
  const heard = await lastHeard(query, back)
  const across = async (each: Judged): Promise<Judged> => {
    const from = heard.get(each.exporter)
    if (from === undefined || !back.includes(each)) return each
    const judgedAgain = await judge({ ...query, exporter: each.exporter, from }).catch(
      nullIfTooLarge,
    )
    return judgedAgain?.[0] ?? each
  }
  const all: Judged[] = []
  for (const each of judged) all.push(await across(each))
  return all
}

/** Whether nothing began or ended in the five minutes before a time. */
function isQuietBefore(scene: Scene, time: number): boolean {
  const at = Math.max(0, scene.place(time))
  const before = scene.edges.subarray(Math.max(0, at - intervalMs / 1000), at)
  return before.every((edges) => edges === 0)
}

/** The last interval before a time in which each exporter had flows, unix ms; without those that were away too long. */
async function lastHeard(
  { series, flows, tier, from }: JudgeQuery,
  judged: readonly Judged[],
): Promise<Map<string, number>> {
  const breaks = (await flows.breaks?.()) ?? []
  const before = intervalStart(from)
  const rows = await series.read({
    tier,
    from: before - awayMsMax,
    to: before,
    exporters: judged.map(({ exporter }) => exporter),
    measurement: 'total',
    by: ['exporter'],
    keys: [],
    fields: ['bytes'],
    sumsOnly: true,
  })
  const last = new Map<string, number>()
  for (let i = 0; i < rows.count; i++)
    if (rows.sum.bytes[i]! > 0) last.set(rows.exporters[rows.exporter[i]!]!, rows.time[i]!)
  const isAway = (exporter: string) =>
    breaks.some(
      (each) => !each.isOurs && each.exporter === exporter && each.from < from && each.to > from,
    )
  return new Map(
    [...last].filter(([exporter, time]) => before - time <= silenceMsMax || isAway(exporter)),
  )
}
