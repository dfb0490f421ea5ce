/** `weir api`: serves the API and the page until it is stopped. */
import type { FirstLogin } from '../api/access/first-admin.ts'
import { runApi } from '../api/main.ts'
import { queryNiceness, lowerProcess } from '../store/process/priority.ts'
import type { CommandInput } from './command.ts'
import { createLog } from './log.ts'
import { readNames } from './names.ts'
import { buildPage } from './page.ts'
import { runUntilStopped } from './stop.ts'

export async function api({ settings }: CommandInput): Promise<void> {
  await readNames(settings)
  await buildPage()
  await runUntilStopped(async () => {
    const log = createLog(settings, 'api')
    const running = await runApi(settings, log)
    // Lower priority only after the start, for which somebody waits; queries can wait for ingest.
    lowerProcess(queryNiceness)
    console.log(`weir: the page is at ${running.url}`)
    running.firstLogin.then(
      (login) => {
        if (login !== null) console.log(firstLoginText(login))
      },
      (error: unknown) =>
        log.error({ error }, 'nobody can log in: the first password could not be stored'),
    )
    return running
  })
}

/** Shown once; only its hash is stored. */
function firstLoginText({ user, password }: FirstLogin): string {
  return `weir: log in as ${user} with the password ${password} (shown only now; change it on the page, under your name)`
}
