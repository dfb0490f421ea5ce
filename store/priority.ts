/** Who may go first where cores are few: who receives, then who counts, and not those that can wait. */
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { basename } from 'node:path'

/** Linux and others: from −20 (first) to 19 (last); each step is a quarter more or less of a core that is wanted by two. */
export type Niceness = number

/**
 * Counting goes after receiving, which is at 0: what is received waits in the journal for as long as that has room, and what
 * is not received in time the kernel drops.
 */
export const countingNiceness: Niceness = 5

/** Questions: of a core that one of these and the counting thread both want it gets a quarter, of one that nobody else wants all. */
export const askingNiceness: Niceness = 10

/** What ingest does behind counting, a tenth: files are read back and sorted. */
export const laterNiceness: Niceness = 15

/** What is done beside a thread that now and then waits for it: flows are written, V8's own threads collect garbage and compile. */
export const besideNiceness: Niceness = 10

/**
 * Has this process go after others, with all threads that it has and will have. Where the kernel shares cores between
 * sessions first (autogroup), and the process leads one of its own, as under `npm start`, the session goes after others.
 */
export function goAfterOthers(niceness: Niceness): void {
  for (const thread of threads()) lower(thread, niceness)
  tryTo(() => {
    if (isSessionLeader()) writeFileSync('/proc/self/autogroup', String(niceness))
  })
}

/** Has the thread that calls this, and those that it makes later, go after others. */
export function threadGoesAfterOthers(niceness: Niceness): void {
  tryTo(() => lower(Number(basename(readlinkSync('/proc/thread-self'))), niceness))
}

/** Has the threads of this process that the system calls by a name go after others. */
export function threadsNamed(name: string, niceness: Niceness): void {
  for (const thread of threads())
    tryTo(() => {
      if (readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim() === name)
        lower(thread, niceness)
    })
}

/** Has no thread of this process go after others any more, where the system allows that: when it ends, there is nothing to wait for. */
export function goWithOthers(): void {
  for (const thread of threads()) lower(thread, 0)
}

function threads(): number[] {
  try {
    return readdirSync('/proc/self/task').map(Number)
  } catch {
    // Not Linux: there the whole process has one priority.
    return [process.pid]
  }
}

function lower(thread: number, niceness: Niceness): void {
  tryTo(() => setPriority(thread, niceness))
}

/** Fields are counted behind the name, which may hold blanks. */
function isSessionLeader(): boolean {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const session = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]
  return Number(session) === process.pid
}

/** A system that does not allow it, or knows no such thing, serves as well as before. */
function tryTo(work: () => void): void {
  try {
    work()
  } catch {
    // See above.
  }
}
