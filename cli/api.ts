/** `weir api`: serves the API and the page until it is told to stop. */
import { runApi } from '../api/main.ts'
import type { CommandInput } from './command.ts'
import { createLog } from './log.ts'
import { checkNames } from './names.ts'
import { buildPage } from './page.ts'
import { runUntilStopped } from './stop.ts'

export async function api({ settings }: CommandInput): Promise<void> {
  await checkNames(settings)
  await buildPage()
  await runUntilStopped(async () => {
    const running = await runApi(settings, createLog(settings, 'api'))
    console.log(`weir: the page is at ${running.url}`)
    return running
  })
}
