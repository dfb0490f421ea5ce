/** A thread that scans row groups: see scanner.ts. */
import { parentPort, workerData } from 'node:worker_threads'

import { NetworkSet } from '../../../flow/address.ts'
import { compilePredicate, type FlowPredicate } from '../../../flow/filter/predicate.ts'
import { answerAsked } from '../asked-thread.ts'
import { hostSumsKey } from '../host-list.ts'
import type { Scan, ScanAsked, ScannedWindow } from './asked.ts'
import { Details } from './details.ts'
import { allEvents, eventRoom } from './event-rows.ts'
import { GroupReader } from './files.ts'
import { Ranking } from './ranking.ts'
import type { ScanAnswers, ScanRequest, ScanWorkerData } from './scanner.ts'
import { RowCount } from './row-count.ts'
import { SelectedGroup } from './selected-group.ts'
import { Steps } from './steps.ts'

interface Running {
  scan: Scan<unknown, unknown>
  window: ScannedWindow
  predicate: FlowPredicate | null
}

const local = new NetworkSet((workerData as ScanWorkerData).local)
const reader = new GroupReader()
const running = new Map<number, Running>()

function begin(asked: ScanAsked): Running {
  const { window } = asked
  return { scan: scanOf(asked), window, predicate: window.filter ? compilePredicate(window.filter) : null } // prettier-ignore
}

function scanOf(asked: ScanAsked): Scan<unknown, unknown> {
  switch (asked.kind) {
    case 'ranking':
      return new Ranking(asked, local)
    case 'details':
      return new Details(asked, local)
    case 'steps':
      return new Steps(asked, local)
    case 'count':
      return new RowCount()
  }
}

answerAsked<ScanRequest, ScanAnswers>(parentPort!, {
  groups: ({ path }) => reader.groupsOf(path),
  flows: ({ path }) => reader.flowsOf(path),
  hosts: ({ path }) => reader.textOf(path, hostSumsKey),
  events: ({ path, group, window }) => {
    let found = eventRoom(0)
    reader.read(path, group, (read) => {
      found = allEvents(read, window)
    })
    return found
  },
  begin: ({ id, asked }) => {
    running.set(id, begin(asked))
    return null
  },
  take: ({ id, path, group, isInside }) => {
    const { scan, ...asked } = running.get(id)!
    reader.read(path, group, (read) => {
      const selected = SelectedGroup.select(read, { ...asked, isInside })
      if (selected.rows.length > 0) scan.take(selected)
    })
    return scan.keys
  },
  pack: ({ id }) => running.get(id)!.scan.pack(),
  merge: ({ id, packed }) => {
    running.get(id)!.scan.merge(packed)
    return null
  },
  found: ({ id }) => running.get(id)!.scan.found() as ScanAnswers['found'],
  end: ({ id }) => {
    running.delete(id)
    return null
  },
})
