/** What an exporter's faults mean and what to do about each: errors first. */
import type { Exporter } from '../../api/schema/status.ts'
import { lostPart, lostPartMax, silentSeconds } from '../../flow/exporter-faults.ts'
import { itsClock, moreTemplates, remedyOf } from '../../flow/problem-remedies.ts'
import { countOf, formatDuration, formatExact } from '../../flow/units.ts'

type Gravity = 'error' | 'warning' | 'note'

export interface Fault {
  gravity: Gravity
  what: string
  remedy: string
}

/** A clock off by more than this gives wrong times, in seconds. */
const skewSeconds = 5

/** The time, and since when Weir has listened, unix seconds. */
interface Listening {
  now: number
  from: number
}

/** The faults of an exporter, the gravest first; null: Weir does not listen. */
export function faultsOf(exporter: Exporter, listening: Listening | null): Fault[] {
  const faults = [
    ...silence(exporter, listening),
    ...loss(exporter),
    ...clock(exporter),
    ...sampling(exporter),
    ...waiting(exporter),
    ...problems(exporter),
    ...restarts(exporter),
  ]
  const order: readonly Gravity[] = ['error', 'warning', 'note']
  return faults.toSorted((a, b) => order.indexOf(a.gravity) - order.indexOf(b.gravity))
}

function silence({ lastSeen }: Exporter, listening: Listening | null): Fault[] {
  if (listening === null) return []
  const { now, from } = listening
  if (now - Math.max(lastSeen, from) < silentSeconds) return []
  const what = `it has sent nothing for ${formatDuration(now - lastSeen)}`
  const remedy = 'check that it runs and exports, and that UDP from it reaches this host'
  return [{ gravity: 'error', what, remedy }]
}

function loss(exporter: Exporter): Fault[] {
  const { lost } = exporter
  if (lost.flows === 0 && lost.datagrams === 0) return []
  const part = lostPart(exporter)
  const about = lost.flowsEstimated ? 'about ' : ''
  const datagrams = countOf(lost.datagrams, 'datagram')
  const what = `lost: ${datagrams} with ${about}${countOf(lost.flows, 'flow')} (${(part * 100).toFixed(2)} %)`
  const remedy =
    'look at Status for drops in the kernel’s buffer; if there are none, they were lost on the way, or sent while Weir did not run'
  return [{ gravity: part > lostPartMax ? 'error' : 'warning', what, remedy }]
}

function clock({ clockSkewSeconds }: Exporter): Fault[] {
  if (clockSkewSeconds === null || Math.abs(clockSkewSeconds) < skewSeconds) return []
  const way = clockSkewSeconds > 0 ? 'ahead' : 'behind'
  const what = `its clock is ${formatDuration(Math.abs(clockSkewSeconds))} ${way}`
  return [{ gravity: 'warning', what, remedy: itsClock }]
}

function sampling({ sampling: rate }: Exporter): Fault[] {
  if (rate !== null) return []
  const what = 'it samples packets but does not report the rate'
  return [{ gravity: 'error', what, remedy: 'have it export its sampling rate by options' }]
}

/**
 * Data waiting for its template cannot be decoded; `parked` also counts data whose template came
 * later.
 */
function waiting({ parked, flows, flowsLeftOut }: Exporter): Fault[] {
  if (parked === 0 || flows + flowsLeftOut > 0) return []
  const what = `none of its flows can be read yet, as ${countOf(parked, 'data set')} came without a template`
  const remedy = `they are decoded if it comes within half an hour; ${moreTemplates}`
  return [{ gravity: 'warning', what, remedy }]
}

function problems({ problems: counts }: Exporter): Fault[] {
  return Object.entries(counts).map(([kind, count]) => ({
    gravity: 'warning' as const,
    what: `${kind.replaceAll('-', ' ')}, ${times(count)}`,
    remedy: remedyOf(kind),
  }))
}

function restarts({ restarts: count, duplicates, reordered }: Exporter): Fault[] {
  const said: Fault[] = []
  if (count > 0) {
    const what = `it restarted ${times(count)}`
    said.push({
      gravity: 'note',
      what,
      remedy: 'the time around a restart is unknown, and hatched',
    })
  }
  const remedy = 'each counts once; there may be two network paths to this host'
  const came = { twice: duplicates, 'out of order': reordered }
  for (const [how, datagrams] of Object.entries(came))
    if (datagrams > 0)
      said.push({ gravity: 'note', what: `${countOf(datagrams, 'datagram')} came ${how}`, remedy })
  return said
}

function times(count: number): string {
  return count === 1 ? 'once' : `${formatExact(count)} times`
}
