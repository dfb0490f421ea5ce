/** Priorities when cores are scarce: receiving first, then counting, then what can wait. */
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { basename } from 'node:path'

/** Linux and others: from −20 (first) to 19 (last); each step shifts a contended core by about a quarter. */
export type Niceness = number

/**
 * Counting yields to receiving, which is at 0: received data waits in the journal as long as that
 * has room, but the kernel drops what is not received in time.
 */
export const countingNiceness: Niceness = 5

/** Queries: a quarter of a core that the counting thread wants too, all of one that nobody else wants. */
export const queryNiceness: Niceness = 10

/** What ingest does after counting, with a tenth: reading files back and sorting them. */
export const laterNiceness: Niceness = 15

/**
 * Work beside a thread that sometimes waits for it: writing flows, and V8's own threads for garbage
 * collection and compilation.
 */
export const besideNiceness: Niceness = 10

/**
 * Lowers the priority of this process, with all its present and future threads. If the kernel first
 * shares cores between sessions (autogroup), and the process leads its own, as under `npm start`,
 * the session's priority is lowered.
 */
export function lowerProcess(niceness: Niceness): void {
  for (const thread of threads()) setNiceness(thread, niceness)
  tryTo(() => {
    if (isSessionLeader()) writeFileSync('/proc/self/autogroup', String(niceness))
  })
}

/** Lowers the priority of the calling thread, and of those it creates later. */
export function lowerThread(niceness: Niceness): void {
  tryTo(() => setNiceness(Number(basename(readlinkSync('/proc/thread-self'))), niceness))
}

/** Lowers the priority of this process's threads with a given system name. */
export function lowerNamedThreads(name: string, niceness: Niceness): void {
  for (const thread of threads())
    tryTo(() => {
      if (readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim() === name)
        setNiceness(thread, niceness)
    })
}

/**
 * Restores the normal priority of all threads of this process, if the system allows it: at shutdown
 * there is nothing to yield to.
 */
export function resetPriority(): void {
  for (const thread of threads()) setNiceness(thread, 0)
}

function threads(): number[] {
  try {
    return readdirSync('/proc/self/task').map(Number)
  } catch {
    // Not Linux: there the whole process has one priority.
    return [process.pid]
  }
}

function setNiceness(thread: number, niceness: Niceness): void {
  tryTo(() => setPriority(thread, niceness))
}

/** Counts fields after the name, which may contain blanks. */
function isSessionLeader(): boolean {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const session = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]
  return Number(session) === process.pid
}

/** On a system without priorities, or without permission, everything works as before. */
function tryTo(work: () => void): void {
  try {
    work()
  } catch {
    // See above.
  }
}
