/** A process that has an answer ready only when its parent has gone; started by itself, this is the parent. */
import { answerParent, WorkerProcess } from '../../../store/process/worker-process.ts'

type Answers = { outlive: null }

if (process.send) {
  const parent = process.ppid
  answerParent<{ kind: 'outlive' }, Answers>({
    outlive: async () => {
      console.log('working')
      // Nothing else may run meanwhile: not even the news that the parent has gone.
      while (process.ppid === parent);
      return null
    },
  })
} else {
  const limits = { semiSpaceMiBMax: 2 }
  const worker = new WorkerProcess<{ kind: 'outlive' }, Answers>('orphan', new URL(import.meta.url), limits) // prettier-ignore
  await worker.ask({ kind: 'outlive' })
}
