/** What a process has used, as Linux says. */
import { readdir, readFile } from 'node:fs/promises'

/** Clock ticks a second in /proc (sysconf(_SC_CLK_TCK), 100 on all Linux machines of today). */
const ticksASecond = 100

/** CPU-seconds of a process, of all its threads, ended ones among them. */
export async function cpuSecondsOf(pid: number): Promise<number> {
  return ticksOf(await readFile(`/proc/${pid}/stat`, 'utf8')) / ticksASecond
}

/** CPU-seconds of the threads that live, most first. */
export async function threadSecondsOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`)
  const seconds = await Promise.all(
    threads.map(async (thread) => {
      const text = await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8').catch(() => null)
      return text === null ? 0 : ticksOf(text) / ticksASecond
    }),
  )
  return seconds.sort((a, b) => b - a)
}

/** Most memory that was resident at once, MiB. */
export async function peakMiBOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024
}

/** User and system time. The name, in brackets, may hold blanks: fields are counted behind it. */
function ticksOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}
