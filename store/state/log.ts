/** Logs in the data folder: JSON lines, appended and bounded; the newest can be read back. */
import { appendFile, mkdir, readFile, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** The logs: look-ups of raw flows and other actions, and alerts sent. */
export const stateLogs = ['audit', 'alert-history'] as const
export type StateLog = (typeof stateLogs)[number]

/** A log longer than this is rotated; one older part is kept. */
const logBytesMax = 8 << 20
/** A longer line is cut: real entries are shorter. */
const lineBytesMax = 8192

function pathOf(data: string, log: StateLog): string {
  return join(data, 'state', `${log}.log`)
}

/** An entry as a line of bounded length. */
export function cutEntry(entry: object): string {
  const line = JSON.stringify(entry)
  return line.length <= lineBytesMax ? line : JSON.stringify({ cut: line.slice(0, 4096) })
}

/** The last append to each file in progress: two at once would both rotate it. */
const appending = new Map<string, Promise<void>>()

/** Appends an entry to a log in the data folder. Entries of one process keep their order. */
export function appendLog(data: string, log: StateLog, entry: object): Promise<void> {
  const path = pathOf(data, log)
  const appended = (appending.get(path) ?? Promise.resolve()).then(() => append(path, entry))
  const settled = appended.catch(() => undefined)
  appending.set(path, settled)
  return appended
}

async function append(path: string, entry: object): Promise<void> {
  const kept = cutEntry(entry)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  )
  if (size > logBytesMax) await rename(path, `${path}.1`)
  await appendFile(path, `${kept}\n`, { mode: 0o600 })
}

/** The newest entries of a log, newest first; empty if nothing was written. */
export async function readLog<Entry>(data: string, log: StateLog, limit: number): Promise<Entry[]> {
  const path = pathOf(data, log)
  const parts = await Promise.all([`${path}.1`, path].map((each) => readText(each)))
  const lines = parts.join('').split('\n')
  const entries: Entry[] = []
  for (let at = lines.length - 1; at >= 0 && entries.length < limit; at--) {
    const entry = parse<Entry>(lines[at]!)
    if (entry !== null) entries.push(entry)
  }
  return entries
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}

/** A line cut off by a crash is not an entry. */
function parse<Entry>(line: string): Entry | null {
  try {
    return line === '' ? null : (JSON.parse(line) as Entry)
  } catch {
    return null
  }
}
