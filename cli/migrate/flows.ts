/** The archive's flows on their way to ClickHouse, for `weir migrate`: sent, counted, compared. */
import { join } from 'node:path'

import type { Settings } from '../../flow/settings/settings.ts'
import { archiveSeen } from '../../ingest/shipping.ts'
import { Archive } from '../../store/archive/archive.ts'
import type { FilesCompared } from '../../store/clickhouse/compare-files.ts'
import type { Shipping } from '../../store/clickhouse/shipping.ts'
import { openShipping } from '../../store/open.ts'
import { CommandError } from '../command.ts'

const reportEveryMs = 10_000

/**
 * Each file is counted after it is sent, and only then listed: see store/clickhouse/insert-file.ts.
 * At the end all files are counted again, including those sent earlier by any process.
 */
export async function sendFlows(settings: Settings): Promise<void> {
  const archive = await Archive.open(join(settings.data, 'archive'))
  const shipping = (await openShipping(settings))!
  const report = setInterval(() => {
    const { waiting, sent } = shipping.status()
    console.log(`flows: ${sent} files sent, ${waiting} wait`)
  }, reportEveryMs)
  try {
    await archive.merge(Number.POSITIVE_INFINITY)
    await send(archive, shipping)
    const { entries } = archiveSeen(archive, Number.MAX_SAFE_INTEGER)
    let compared = await shipping.compare(entries)
    if (compared.differing.length > 0) {
      console.log(
        `flows: ${compared.differing.length} files are incomplete there and are sent again`,
      )
      await send(archive, shipping)
      compared = await shipping.compare(entries)
    }
    for (const sentence of filesSentences(compared)) console.log(sentence)
    const { refusedByRetention } = shipping.status()
    if (refusedByRetention > 0) console.log(`flows: ${refusedByRetention} were too old for it`)
    if (compared.differing.length > 0) throw new CommandError(differingSentence(compared))
  } finally {
    clearInterval(report)
    await shipping.close()
    await archive.close()
  }
}

/** Sends what the archive has and ClickHouse lacks. */
async function send(archive: Archive, shipping: Shipping): Promise<void> {
  const started = performance.now()
  // No collector runs: the newest interval is closed too.
  const seen = archiveSeen(archive, Number.MAX_SAFE_INTEGER)
  shipping.look(seen)
  const rows = shipping.waitingRows
  await shipping.settled()
  const { waiting, lastError } = shipping.status()
  if (waiting > 0) throw new CommandError(`${waiting} files were not sent: ${lastError ?? ''}`)
  console.log(`flows: ${rows} sent in ${paceOf(rows, started)}`)
}

/** Migrating back sends no flows, because the archive never stopped: it only compares the two. */
export async function compareFlows(settings: Settings): Promise<void> {
  const archive = await Archive.open(join(settings.data, 'archive'))
  const shipping = (await openShipping(settings))!
  try {
    const compared = await shipping.compare(archiveSeen(archive, Number.MAX_SAFE_INTEGER).entries)
    for (const sentence of filesSentences(compared)) console.log(sentence)
    if (compared.differing.length > 0) console.log(`flows: ${differingSentence(compared)}`)
  } finally {
    await shipping.close()
    await archive.close()
  }
}

/** How long something took, and its rate per second. */
export function paceOf(rows: number, started: number): string {
  const ms = performance.now() - started
  return `${(ms / 1000).toFixed(1)} s (${Math.round((rows / ms) * 1000)} a second)`
}

/** The result for the files that ClickHouse has. */
export function filesSentences({ files, rows, octets, packets, strays }: FilesCompared): string[] {
  const there = `flows: ${files} files with ${rows} flows, ${octets} bytes and ${packets} packets are in ClickHouse: number and sums of each are equal`
  const only = `flows: ${strays.length} files are in ClickHouse only, such as ${strays[0]}`
  return strays.length > 0 ? [there, only] : [there]
}

export function differingSentence({ differing }: FilesCompared): string {
  const { entry, found } = differing[0]!
  return (
    `${differing.length} files are not in ClickHouse as the archive has them: of ${entry.file} ` +
    `${found.rows} flows of ${entry.rows}, ${found.octets} bytes of ${entry.octets}; weir migrate --to clickhouse sends them again`
  )
}
