/** The thread for examining flows: see examine-thread.ts. */
import { parentPort } from 'node:worker_threads'

import { FlowTable } from '../../flow/incident/flows/flow-table.ts'
import { Hosts } from '../../flow/incident/flows/hosts.ts'
import { examine } from '../../flow/incident/find.ts'
import { answerRequests } from '../process/worker-thread.ts'
import { collectAll } from '../process/garbage.ts'
import type { ExamineAnswers, ExamineRequest } from './examine-thread.ts'

answerRequests<ExamineRequest, ExamineAnswers>(parentPort!, {
  examine: ({ columns, hosts, grid, counted, context }) => {
    const table = Object.assign(new FlowTable(columns.exporter, Hosts.of(hosts)), columns)
    const { scene, findings } = examine({ table, grid, counted }, context)
    const { times, total, edges, followed, connections } = scene
    // The flows are garbage once this is answered, of which V8 sees only a little.
    setImmediate(collectAll)
    return { counted: { times, total, edges, followed }, connections, findings }
  },
})
