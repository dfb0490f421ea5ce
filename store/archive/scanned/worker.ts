/** A thread that scans row groups: see scanner.ts. */
import { parentPort, workerData } from 'node:worker_threads'

import { NetworkSet } from '../../../flow/address.ts'
import { createEventFlows } from '../../../flow/incident/flows/flow-table.ts'
import { compilePredicate } from '../../../flow/filter/predicate.ts'
import { answerRequests } from '../../process/worker-thread.ts'
import { hostSumsKey } from '../write/host-list.ts'
import type { Scan, ScanQuery, ScannedWindow } from './requests.ts'
import { Buckets } from './buckets.ts'
import { Details } from './details.ts'
import { allEvents } from './event-rows.ts'
import { GroupReader } from './group-reader.ts'
import type { GroupForScans } from './pass.ts'
import { KeptByGroup } from './kept-by-group.ts'
import { PassingRows, type KeyedPredicate } from './passing-rows.ts'
import { Ranking } from './ranking.ts'
import type { ScanAnswers, ScanRequest, ScanWorkerData } from './scanner.ts'
import { RowCount } from './row-count.ts'
import { Rows } from './rows.ts'
import { SelectedGroup } from './selected-group.ts'
import { Steps, type WholeGroups } from './steps.ts'

interface Running {
  scan: Scan<unknown, unknown>
  window: ScannedWindow
  filter: KeyedPredicate | null
  /** The error that stopped it; reported when its result is requested. */
  failure?: unknown
}

const local = new NetworkSet((workerData as ScanWorkerData).local)
/** Ten million flows of a day have about 22 MiB of dictionaries, half of them for each of two threads. */
const dictionaryBytesMax = 16 << 20
const reader = new GroupReader({ dictionaryBytesMax })
/** Of ten million flows of which 0.5 % pass, the usual columns take 3 MiB, half of them for each of two threads. */
const passingRows = new PassingRows(8 << 20)
/** The sums of a year by the day, or of ten million flows of a day by five minutes, for some filters. */
const whole: WholeGroups = new KeptByGroup(4 << 20)
const running = new Map<number, Running>()

function begin(query: ScanQuery): Running {
  const { window } = query
  const { filter } = window
  const keyed = filter ? { key: JSON.stringify(filter), predicate: compilePredicate(filter) } : null
  return { scan: scanOf(query), window, filter: keyed }
}

function scanOf(query: ScanQuery): Scan<unknown, unknown> {
  switch (query.kind) {
    case 'ranking':
      return new Ranking(query, local)
    case 'buckets':
      return new Buckets(query, local)
    case 'details':
      return new Details(query, local)
    case 'steps':
      return new Steps(query, { local, whole })
    case 'count':
      return new RowCount()
    case 'rows':
      return new Rows()
  }
}

/**
 * Scans of one filter, grouped by the flows of a row group that they select; if it is within all
 * windows, one group.
 */
function alike(scans: GroupForScans['scans']) {
  const taking = scans.map(({ id, isInside }) => ({ run: running.get(id)!, isInside }))
  return Map.groupBy(taking, ({ run: { window }, isInside }) =>
    isInside ? '' : `${window.from} ${window.to}`,
  ).values()
}

/** Adds flows to a scan. If they are too many for one of several scans sharing a reading, the others go on. */
function add(run: Running, adding: (scan: Running['scan']) => void): void {
  try {
    if (run.failure === undefined) adding(run.scan)
  } catch (error) {
    run.failure = error
  }
}

/** Whether a scan does not need a row group read, because what it adds up to is kept, or the scan has failed. */
function isTaken(run: Running, group: string): boolean {
  let isKept = false
  add(run, (scan) => (isKept = scan.takeKept?.(group) ?? false))
  return isKept || run.failure !== undefined
}

/** A scan that has not failed. @throws the error it failed with */
function wellRunning(id: number): Running {
  const run = running.get(id)!
  if (run.failure !== undefined) throw run.failure
  return run
}

answerRequests<ScanRequest, ScanAnswers>(parentPort!, {
  groups: ({ path }) => reader.groupsOf(path),
  flows: ({ path }) => reader.flowsOf(path),
  hosts: ({ path }) => reader.textOf(path, hostSumsKey),
  events: ({ path, group, window }) => {
    let found = createEventFlows(0)
    reader.read(path, group, (read) => {
      found = allEvents(read, window)
    })
    return found
  },
  begin: ({ id, query }) => {
    running.set(id, begin(query))
    return null
  },
  take: ({ path, group, scans }) => {
    for (const together of alike(scans))
      reader.read(path, group, (read) => {
        const [{ isInside }] = together as [(typeof together)[number]]
        const runs = together.map(({ run }) => run)
        const reading = isInside ? runs.filter((run) => !isTaken(run, read.name)) : runs
        if (!reading[0]) return
        const selected = SelectedGroup.select(read, { ...reading[0], isInside }, passingRows)
        if (selected.rows.length > 0)
          for (const run of reading) add(run, (scan) => scan.take(selected))
      })
    return scans.map(({ id }) => {
      const { scan, failure } = running.get(id)!
      return failure === undefined ? scan.keys : null
    })
  },
  pack: ({ id }) => wellRunning(id).scan.pack(),
  merge: ({ id, packed }) => {
    running.get(id)!.scan.merge(packed)
    return null
  },
  found: ({ id }) => wellRunning(id).scan.found() as ScanAnswers['found'],
  end: ({ id }) => {
    running.delete(id)
    return null
  },
})
