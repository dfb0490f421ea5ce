/**
 * `weir migrate` beside a collector that writes to both stores: the collector copies the earlier
 * data; this command watches it, and then compares the stores itself, step by step and file by
 * file.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { ingestStatus } from '../../api/status/ingest-status.ts'
import { intervalStart, type Tier } from '../../flow/interval.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import type { AlsoStatus } from '../../flow/status.ts'
import { manifestName, type ArchiveEntry } from '../../store/archive/entry.ts'
import { compareFiles, type FilesCompared } from '../../store/clickhouse/compare-files.ts'
import { Connection } from '../../store/clickhouse/connection.ts'
import { keptFrom, rangeToCopy } from '../../store/moving/double.ts'
import { ManifestReader } from '../../store/manifest/reader.ts'
import { nameOf, sameOf, stretchesOf, type Stretch } from '../../store/moving/migrate.ts'
import { otherStore } from '../../store/moving/progress.ts'
import { openSeriesReader } from '../../store/open-series.ts'
import type { SeriesReader } from '../../store/series.ts'
import { CommandError } from '../command.ts'
import { differingSentence, filesSentences } from './flows.ts'

const askEveryMs = 1000
/** How long to wait for a collector that does not answer at once. */
const answerMsMax = 60_000
const reportEveryMs = 10_000
/**
 * A difference may just be a write in progress: it is checked again, this often and with this
 * delay.
 */
const looks = 9
const lookAgainMs = 15_000
const filesMsMax = 600_000

/** @throws CommandError if no collector writes to both, or if something still differs at the end */
export async function migrateBeside(settings: Settings, to: AlsoStatus['kind']): Promise<void> {
  const look = () => alsoOf(settings.data, to)
  await look()
  const source = await openSeriesReader({ ...settings, store: otherStore[to] })
  const target = await openSeriesReader({ ...settings, store: to })
  try {
    const goals: { tier: Tier; to: number }[] = []
    for (const tier of settings.tiers) {
      const nowMs = Date.now()
      const range = rangeToCopy(await source.extent(tier), { tier, kind: to, nowMs })
      if (range) goals.push({ tier, to: range.to })
    }
    await untilCopied(look, goals, to === 'clickhouse')
    for (const goal of goals) await compareTier(source, target, { ...goal, kind: to })
    for (const sentence of await comparedFiles(settings)) console.log(sentence)
  } finally {
    await source.close()
    await target.close()
  }
  console.log(
    `both are equal, and stay so while the collector writes both. To change over: stop it, run this once ` +
      `more (a moment, for the last steps and the incidents), and start it with WEIR_STORE=${to}`,
  )
}

/** The status of the second store; asks again while the collector is busy or restarting. */
async function alsoOf(data: string, to: AlsoStatus['kind']) {
  const source = ingestStatus(data, Date.now)
  const deadline = performance.now() + answerMsMax
  for (;;) {
    const status = await source.read()
    if (status?.running && status.also?.kind === to)
      return { also: status.also, waiting: status.shipping?.waiting ?? 0 }
    if (status?.running)
      throw new CommandError(
        `a collector is running that does not write to ${to} too: stop it, or start it with ` +
          `WEIR_STORE=${otherStore[to]} WEIR_STORE_ALSO=${to}, and run this beside it`,
      )
    if (performance.now() > deadline)
      throw new CommandError(
        'the data folder is in use, and no collector answers: run it again to go on',
      )
    await sleep(askEveryMs)
  }
}

/** Waits until the collector has copied each tier as far as it reached when this began. */
async function untilCopied(
  look: () => ReturnType<typeof alsoOf>,
  goals: readonly { tier: Tier; to: number }[],
  hasFlows: boolean,
): Promise<void> {
  for (let reportedMs = Number.NEGATIVE_INFINITY; ; await sleep(askEveryMs)) {
    const { also, waiting } = await look()
    const unfinished = goals.filter(({ tier, to }) => (also.through[tier.name] ?? 0) * 1000 < to)
    const files = hasFlows ? waiting : 0
    if (unfinished.length === 0 && also.owed === 0 && files === 0) return
    if (performance.now() - reportedMs < reportEveryMs) continue
    reportedMs = performance.now()
    const tiers = unfinished.map(
      ({ tier: { name } }) => `${name} up to ${timeOf(also.through[name])}`,
    )
    const trouble = also.lastError === null ? '' : `; ${also.lastError}`
    console.log(`copied: ${[...tiers, `${files} files wait`].join(', ')}${trouble}`)
  }
}

function timeOf(seconds = 0): string {
  return seconds === 0 ? 'nowhere' : new Date(seconds * 1000).toISOString()
}

async function compareTier(
  source: SeriesReader,
  target: SeriesReader,
  { tier, to, kind }: { tier: Tier; to: number; kind: AlsoStatus['kind'] },
): Promise<void> {
  let steps = 0
  for await (const stretch of stretchesOf(source, tier, keptFrom(kind, tier, Date.now())))
    steps += await compareStretch(source, target, { ...stretch, to: Math.min(stretch.to, to) })
  console.log(`${tier.name}: ${steps} steps are equal up to ${new Date(to).toISOString()}`)
}

/** Late flows change steps while they are compared, so the next run may find them equal. */
function remedyOf({ stepMs }: Tier, differing: readonly { time: number }[]): string {
  const times = differing.map(({ time }) => time)
  const [from, to] = [Math.min(...times), Math.max(...times) + stepMs].map((ms) =>
    new Date(ms).toISOString(),
  )
  return `run it again; if they still differ, stop the collector and run \`weir rebuild --from ${from} --to ${to}\`, which writes them to both stores`
}

/** The number of steps of a stretch, all of them equal. @throws CommandError if they stay different */
async function compareStretch(
  source: SeriesReader,
  target: SeriesReader,
  stretch: Stretch,
): Promise<number> {
  if (stretch.from >= stretch.to) return 0
  for (let look = 1; ; look++) {
    const wanted = await source.coverage(stretch)
    const same = await sameOf(source, target, stretch)
    const differing = wanted.filter((each) => !same.has(nameOf(each)))
    if (differing.length === 0) return wanted.length
    if (look === looks)
      throw new CommandError(
        `${stretch.tier.name}: ${differing.length} steps differ, such as ${nameOf(differing[0]!)}: ${remedyOf(stretch.tier, differing)}`,
      )
    await sleep(lookAgainMs)
  }
}

/** Compares the archive's closed files with ClickHouse. */
async function comparedFiles(settings: Settings): Promise<string[]> {
  const { data, clickhouse, archiveKeepMs } = settings
  const manifest = new ManifestReader<ArchiveEntry>(join(data, 'archive', manifestName))
  const connection = new Connection({ settings: clickhouse, timeoutMs: filesMsMax })
  try {
    for (let look = 1; ; look++) {
      const now = Date.now()
      const all = await manifest.entries()
      const closedBefore = all.reduce(
        (least, { isChunk, interval }) => (isChunk ? Math.min(least, interval) : least),
        intervalStart(now),
      )
      const entries = all.filter(
        ({ interval }) => interval < closedBefore && interval + archiveKeepMs > now,
      )
      const compared: FilesCompared = await compareFiles(connection, {
        writer: clickhouse.writer,
        entries,
      })
      if (compared.differing.length === 0) return filesSentences(compared)
      if (look === looks) throw new CommandError(differingSentence(compared))
      await sleep(lookAgainMs)
    }
  } finally {
    await connection.close()
  }
}
