/** `weir replay`: reads captures into the store, or sends them as live UDP. */
import { access } from 'node:fs/promises'

import { FaultLog } from '../ingest/exporters/fault-log.ts'
import { importCaptures, type ImportSummary } from '../ingest/import/import.ts'
import { lastPacketMs } from '../ingest/import/read-captures.ts'
import { NotACapture } from '../ingest/capture/read.ts'
import { lockDataFolder } from '../ingest/lock.ts'
import { TakenBefore } from '../ingest/import/taken.ts'
import type { Settings } from '../flow/settings/settings.ts'
import { formatExact, formatWithUnit } from '../flow/units.ts'
import { StoreFault } from '../store/spool/fault.ts'
import { CommandError, exitCodes, type CommandInput } from './command.ts'
import { createLog } from './log.ts'
import { readNames } from './names.ts'
import { sendCaptures } from './send.ts'
import { runToEnd } from './stop.ts'

const weekMs = 604_800_000
/** How often the progress is shown. */
const progressEveryMs = 100

export async function replay({ settings, values, positionals }: CommandInput): Promise<void> {
  if (positionals.length === 0)
    throw new CommandError('name at least one capture: weir replay FILE…', exitCodes.usage)
  if (values['speed'] !== undefined && values['to'] === undefined)
    throw new CommandError('--speed goes with --to HOST:PORT', exitCodes.usage)
  if (values['shift'] !== undefined && values['to'] !== undefined)
    throw new CommandError(
      '--shift goes without --to, which moves the capture to now by itself',
      exitCodes.usage,
    )
  for (const path of positionals)
    await access(path).catch(() => {
      throw new CommandError(`${path} does not exist or cannot be read`, exitCodes.input)
    })
  await asCommandErrors(async () => {
    const isJson = values['json'] === true
    if (typeof values['to'] === 'string')
      return sendCaptures(positionals, { to: values['to'], speed: values['speed'], isJson })
    await readNames(settings)
    const shiftMs = await shiftOf(values['shift'], positionals)
    await runToEnd(
      () => importLocked(positionals, { settings, shiftMs, isJson }),
      'run it again to finish it',
    )
  })
}

async function importLocked(
  paths: readonly string[],
  { settings, shiftMs, isJson }: { settings: Settings; shiftMs: number; isJson: boolean },
): Promise<void> {
  const lock = await lockDataFolder(settings.data, 'replay')
  const progress = progressLine()
  const faults = new FaultLog(createLog(settings, 'replay'))
  try {
    const summary = await importCaptures(paths, {
      settings,
      shiftMs,
      onProgress: progress.show,
      onFault: (fault) => faults.take(fault),
    })
    progress.clear()
    console.log(isJson ? JSON.stringify(summary) : describe(summary))
  } finally {
    await lock.release()
  }
}

/** A line that says how much of a file has been read; nothing if stderr is not a terminal. */
function progressLine() {
  const { stderr } = process
  let shownAt = 0
  return {
    show: ({ path, packets }: { path: string; packets: number }) => {
      if (!stderr.isTTY || performance.now() - shownAt < progressEveryMs) return
      shownAt = performance.now()
      stderr.write(`\r\x1b[K${path}: ${formatExact(packets)} packets`)
    },
    clear: () => {
      if (stderr.isTTY) stderr.write('\r\x1b[K')
    },
  }
}

/** Errors that the user can fix, with their exit codes. */
async function asCommandErrors(run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (error instanceof TakenBefore) throw new CommandError(error.message, exitCodes.taken)
    if (error instanceof NotACapture) throw new CommandError(error.message, exitCodes.input)
    if (error instanceof StoreFault)
      throw new CommandError(
        `${error.message}; the flows are in the archive, and weir ingest makes their series ` +
          'when it starts, once it answers',
      )
    throw error
  }
}

async function shiftOf(shift: unknown, paths: readonly string[]): Promise<number> {
  if (shift === undefined) return 0
  if (shift !== 'recent') throw new CommandError(`--shift: write --shift recent`, exitCodes.usage)
  return recentShift(paths, Date.now())
}

/** The ms of whole weeks to the latest past, so that weekdays and intervals of captures stay as they were. */
export async function recentShift(paths: readonly string[], nowMs: number): Promise<number> {
  return Math.floor((nowMs - (await lastPacketMs(paths))) / weekMs) * weekMs
}

/** What is wrong with the captures themselves, by kind of problem, and what to do about it. */
const cutSentences = {
  'capture-cut':
    'capture-cut: a capture ends within a packet, as when tcpdump is killed; everything before it was imported',
  'datagram-cut':
    'datagram-cut: only the beginning of datagrams was captured; capture with tcpdump -s 0',
}

function describe(summary: ImportSummary): string {
  const { datagrams, flows, packets, bytes, lost, duplicates, problems, ignored, from, to } =
    summary
  const time = (seconds: number | null) =>
    seconds === null ? '–' : new Date(seconds * 1000).toISOString()
  const found = Object.entries(problems).map(([kind, count]) => `${kind} ${count}`)
  return [
    `${datagrams} datagrams, ${flows} flows, ${packets} packets, ${bytes} bytes (${formatWithUnit(bytes, 'B')})`,
    `from ${time(from)} to ${time(to)}`,
    `lost: ${lost.datagrams} datagrams, ${lost.flowsEstimated ? 'about ' : ''}${lost.flows} flows; came twice: ${duplicates} datagrams`,
    `problems: ${found.length === 0 ? 'none' : found.join(', ')}; ignored: ${ignored} packets`,
    ...Object.entries(cutSentences).flatMap(([kind, sentence]) => (problems[kind] ? sentence : [])),
  ].join('\n')
}
