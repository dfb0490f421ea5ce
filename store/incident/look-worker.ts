/** The thread for looking at flows: see look-thread.ts. */
import { parentPort } from 'node:worker_threads'

import { FlowTable } from '../../flow/incident/flow-table.ts'
import { Hosts } from '../../flow/incident/hosts.ts'
import { look } from '../../flow/incident/look.ts'
import { answerRequests } from '../worker-thread.ts'
import { collectAll } from '../garbage.ts'
import type { LookAnswers, LookRequest } from './look-thread.ts'

answerRequests<LookRequest, LookAnswers>(parentPort!, {
  look: ({ columns, hosts, grid, counted, context }) => {
    const table = Object.assign(new FlowTable(columns.exporter, Hosts.of(hosts)), columns)
    const { scene, findings } = look({ table, grid, counted }, context)
    const { times, total, edges, followed, connections } = scene
    // The flows are garbage once this is answered, of which V8 sees only a little.
    setImmediate(collectAll)
    return { counted: { times, total, edges, followed }, connections, findings }
  },
})
