/** A thread that scans row groups: see scanner.ts. */
import { parentPort, workerData } from 'node:worker_threads'

import { NetworkSet } from '../../../flow/address.ts'
import { createEventFlows } from '../../../flow/incident/flow-table.ts'
import { compilePredicate } from '../../../flow/filter/predicate.ts'
import { answerRequests } from '../../asked-thread.ts'
import { hostSumsKey } from '../write/host-list.ts'
import type { Scan, ScanAsked, ScannedWindow } from './requests.ts'
import { Buckets } from './buckets.ts'
import { Details } from './details.ts'
import { allEvents } from './event-rows.ts'
import { GroupReader } from './group-reader.ts'
import type { GroupForScans } from './pass.ts'
import { PassingRows, type KeyedPredicate } from './passing-rows.ts'
import { Ranking } from './ranking.ts'
import type { ScanAnswers, ScanRequest, ScanWorkerData } from './scanner.ts'
import { RowCount } from './row-count.ts'
import { Rows } from './rows.ts'
import { SelectedGroup } from './selected-group.ts'
import { Steps } from './steps.ts'

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
const running = new Map<number, Running>()

function begin(asked: ScanAsked): Running {
  const { window } = asked
  const { filter } = window
  const keyed = filter ? { key: JSON.stringify(filter), predicate: compilePredicate(filter) } : null
  return { scan: scanOf(asked), window, filter: keyed }
}

function scanOf(asked: ScanAsked): Scan<unknown, unknown> {
  switch (asked.kind) {
    case 'ranking':
      return new Ranking(asked, local)
    case 'buckets':
      return new Buckets(asked, local)
    case 'details':
      return new Details(asked, local)
    case 'steps':
      return new Steps(asked, local)
    case 'count':
      return new RowCount()
    case 'rows':
      return new Rows()
  }
}

/** Scans of one filter, grouped by the flows of a row group that they select; if it is within all windows, one group. */
function alike(scans: GroupForScans['scans']) {
  const taking = scans.map(({ id, isInside }) => ({ asked: running.get(id)!, isInside }))
  return Map.groupBy(taking, ({ asked: { window }, isInside }) => isInside ? '' : `${window.from} ${window.to}`).values() // prettier-ignore
}

/** Adds flows to a scan. If they are too many for one of several scans sharing a reading, the others go on. */
function take(asked: Running, selected: SelectedGroup): void {
  try {
    if (asked.failure === undefined) asked.scan.take(selected)
  } catch (error) {
    asked.failure = error
  }
}

/** A scan that has not failed. @throws the error it failed with */
function wellRunning(id: number): Running {
  const asked = running.get(id)!
  if (asked.failure !== undefined) throw asked.failure
  return asked
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
  begin: ({ id, asked }) => {
    running.set(id, begin(asked))
    return null
  },
  take: ({ path, group, scans }) => {
    for (const together of alike(scans))
      reader.read(path, group, (read) => {
        const [{ asked, isInside }] = together as [(typeof together)[number]]
        const selected = SelectedGroup.select(read, { ...asked, isInside }, passingRows)
        if (selected.rows.length > 0) for (const each of together) take(each.asked, selected)
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
