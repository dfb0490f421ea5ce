/** The Monday capture, and data folders into which it has been replayed. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { runWeir, scratchFolder } from './processes.ts'

export const mondayCapture = fileURLToPath(
  new URL('captures/monday-outage.v9.pcap.gz', import.meta.url),
)
export const mondayFlows = 218_610
export const mondayBytes = 50_336_916_389
export const daySeconds = 86_400
export const weekSeconds = 7 * daySeconds
/** 2026-11-16 UTC, as captured (unix seconds). */
const monday = Date.UTC(2026, 10, 16) / 1000

interface Replay {
  /** Moves it by whole weeks to the latest past. */
  isRecent?: boolean
  /** WEIR_TZ. */
  timeZone?: string
}

/** A folder for what test files share during one run of test/run.ts; null if a file runs alone. */
export const sharedFolderVariable = 'WEIR_TEST_SHARED'

let own: string | null = null

/** That folder, or one of this process alone. */
function sharedFolder(): string {
  const given = process.env[sharedFolderVariable]
  if (given !== undefined) return given
  if (own === null) {
    const made = (own = mkdtempSync(join(tmpdir(), 'weir-shared-')))
    process.once('exit', () => rmSync(made, { recursive: true, force: true }))
  }
  return own
}

/** A data folder with the capture replayed into it, in which the test may do what it likes. */
export async function mondayFolder(replay: Replay = {}): Promise<string> {
  const data = await scratchFolder()
  await layMonday(data, replay)
  return data
}

/** Replays it shifted to the last days; returns the start of its shifted Monday (unix seconds). */
export async function replayMonday(environment: { WEIR_DATA: string }): Promise<number> {
  const { WEIR_DATA: data, ...settings } = environment
  const { from } =
    Object.keys(settings).length === 0
      ? await layMonday(data, { isRecent: true })
      : await replayInto(environment, ['--shift', 'recent'])
  return monday + Math.floor((from - monday) / weekSeconds) * weekSeconds
}

interface Summary {
  /** The first packet, unix seconds. */
  from: number
}

/**
 * Adds the replayed capture to a data folder. A replay takes many seconds and its result is the
 * same each time: the first that is needed with these settings is kept for all, and copied.
 */
async function layMonday(data: string, replay: Replay): Promise<Summary> {
  const kept = await keptReplay(replay)
  await cp(join(kept, 'data'), data, { recursive: true, preserveTimestamps: true })
  return JSON.parse(await readFile(join(kept, 'summary.json'), 'utf8')) as Summary
}

async function keptReplay({ isRecent = false, timeZone }: Replay): Promise<string> {
  const shared = sharedFolder()
  // While the tests run, another week may become the latest.
  const shift = isRecent ? `recent${Math.floor((Date.now() / 1000 - monday) / daySeconds)}` : 'then'
  const kept = join(shared, `monday-${shift}-${timeZone?.replace('/', '-') ?? ''}`)
  if (existsSync(kept)) return kept
  const making = await mkdtemp(join(shared, 'replay-'))
  const environment: Record<string, string> = { WEIR_DATA: join(making, 'data') }
  if (timeZone !== undefined) environment['WEIR_TZ'] = timeZone
  const summary = await replayInto(environment, isRecent ? ['--shift', 'recent'] : [])
  await writeFile(join(making, 'summary.json'), JSON.stringify(summary))
  // Another file may have made the same in the meantime.
  await rename(making, kept).catch(async (error: unknown) => {
    if (!existsSync(kept)) throw error
    await rm(making, { recursive: true })
  })
  return kept
}

async function replayInto(
  environment: Record<string, string>,
  options: readonly string[],
): Promise<Summary> {
  const args = ['replay', mondayCapture, ...options, '--json']
  const { code, stdout, stderr } = await runWeir(args, environment)
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as Summary
}
