/** A series store that can be reopened, as the contract requires. */
import { rm } from 'node:fs/promises'

import type { SeriesStore } from '../../store/series.ts'
import { scratchFolder } from '../processes.ts'

/** Opens a store whose spool is in a separate folder. */
export async function reopened(open: (folder: string) => Promise<SeriesStore>) {
  const folder = await scratchFolder()
  let store = await open(folder)
  return {
    store,
    folder,
    reopen: async () => {
      await store.close()
      return (store = await open(folder))
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
