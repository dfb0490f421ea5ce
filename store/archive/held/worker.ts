/** The thread for top tables: see thread.ts. */
import { parentPort, workerData } from 'node:worker_threads'

import { NetworkSet } from '../../../flow/address.ts'
import { answerRequests } from '../../process/worker-thread.ts'
import type { HeldFlows } from './held-files.ts'
import { heldTop } from './held-top.ts'
import type { HeldAnswers, HeldRequest, HeldWorkerData } from './thread.ts'
import { HeldWindows } from './held-windows.ts'

const local = new NetworkSet((workerData as HeldWorkerData).local)
const held = new Map<number, HeldFlows>()
const windows = new HeldWindows()

answerRequests<HeldRequest, HeldAnswers>(parentPort!, {
  hold: ({ file, flows }) => {
    held.set(file, flows)
    return null
  },
  evict: ({ file }) => {
    held.delete(file)
    return null
  },
  top: ({ files, query }) => {
    const flows = files.map((file) => held.get(file)!)
    return heldTop(windows.of(flows, query), query, local)
  },
})
