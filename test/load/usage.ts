/** What a process has used, as Linux reports it. */
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** Clock ticks per second in /proc (sysconf(_SC_CLK_TCK), 100 on all of today's Linux machines). */
const ticksASecond = 100
/** Threads below this are not listed. */
const secondsMin = 0.1

/** CPU-seconds of a process, including all its threads and those that have ended. */
export async function cpuSecondsOf(pid: number): Promise<number> {
  return ticksOf(await readFile(`/proc/${pid}/stat`, 'utf8')).own / ticksASecond
}

/** CPU-seconds of a process and its descendants, including those that have ended. */
export async function treeSecondsOf(pid: number): Promise<number> {
  let ticks = 0
  for (const each of await treeOf(pid)) {
    const stat = await readFile(`/proc/${each}/stat`, 'utf8').catch(() => null)
    if (stat === null) continue
    const { own, ended } = ticksOf(stat)
    ticks += own + ended
  }
  return ticks / ticksASecond
}

/** A process and its living descendants. */
export async function treeOf(pid: number): Promise<number[]> {
  const tree = [pid]
  for (const each of tree) {
    const path = `/proc/${each}/task/${each}/children`
    const children = await readFile(path, 'utf8').catch(() => '')
    tree.push(...children.split(' ').filter(Boolean).map(Number))
  }
  return tree
}

/** CPU-seconds of the living threads by name, numbered if several share one, without the negligible ones. */
export async function threadSecondsOf(pid: number): Promise<Record<string, number>> {
  const seconds: Record<string, number> = {}
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${thread}`
    const text = await readFile(`${folder}/stat`, 'utf8').catch(() => null)
    if (text === null) continue
    const own = ticksOf(text).own / ticksASecond
    const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'))
    if (own > secondsMin) seconds[`${name}-${thread}`] = own
  }
  return seconds
}

/** A measurement taken after a delay. */
export async function secondsAfter(seconds: number, measure: () => Promise<number>) {
  await sleep(seconds * 1000)
  return measure()
}

/** CPU-seconds per million flows of those sent after the ramp, which counts half. */
export function steadyPerMillion(
  used: number,
  { seconds, rampSeconds = 0 }: { seconds: number; rampSeconds?: number },
  sent: { flows: number },
): number {
  const flows = (sent.flows * seconds) / (seconds + rampSeconds / 2)
  return (used * 1e6) / flows
}

/** Peak resident memory, MiB. */
export async function peakMiBOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024
}

/**
 * User and system time, and that of children that have ended. The name, in brackets, may contain
 * blanks: fields are counted after it.
 */
function ticksOf(stat: string): { own: number; ended: number } {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const at = (index: number) => Number(fields[index])
  return { own: at(11) + at(12), ended: at(13) + at(14) }
}
