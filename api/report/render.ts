/** PDF and PNG of a report: its HTML, printed by a Chromium installed on the machine. */
import { execFile } from 'node:child_process'
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

import { reasonOf } from '../../flow/reason.ts'

/** Names of the Chromium executable. */
const names = [
  'chromium',
  'chromium-headless-shell',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
]
const renderMsMax = 45_000
const [pixelsWide, pixelsHigh] = [900, 1273]

/** There is no Chromium, or it failed; `remedy` says what to do instead. */
export class CannotRender extends Error {
  readonly remedy: string

  constructor(message: string, remedy: string) {
    super(message)
    this.name = 'CannotRender'
    this.remedy = remedy
  }
}

/**
 * Renders a page, unless `signal` is aborted first: then Chromium and its folder are gone.
 * @throws CannotRender
 */
export async function render(
  html: string,
  format: 'pdf' | 'png',
  signal?: AbortSignal,
): Promise<Buffer> {
  const chromium = await findChromium()
  const folder = await mkdtemp(join(tmpdir(), 'weir-report-'))
  try {
    const page = join(folder, 'report.html')
    const target = join(folder, `report.${format}`)
    await writeFile(page, html, { mode: 0o600 })
    const how = {
      pdf: ['--no-pdf-header-footer', `--print-to-pdf=${target}`],
      png: [
        '--hide-scrollbars',
        `--window-size=${pixelsWide},${pixelsHigh}`,
        `--screenshot=${target}`,
      ],
    }[format]
    await run(chromium, [...argumentsOf(folder), ...how, `file://${page}`], {
      signal,
      folder,
    })
    return await readFile(target)
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof CannotRender) throw error
    const [reason] = reasonOf(error).split('\n')
    throw new CannotRender(
      `Chromium could not make the ${format}: ${reason}`,
      'ask for html and print it',
    )
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Chromium fetches nothing and leaves nothing behind; root has no sandbox. */
function argumentsOf(folder: string): string[] {
  const isRoot = process.getuid?.() === 0
  return [
    '--headless',
    '--disable-gpu',
    '--no-first-run',
    '--disable-extensions',
    '--disable-background-networking',
    '--disable-dev-shm-usage',
    `--user-data-dir=${join(folder, 'profile')}`,
    ...(isRoot ? ['--no-sandbox'] : []),
  ]
}

async function findChromium(): Promise<string> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  for (const name of names)
    for (const folder of folders) {
      const path = join(folder, name)
      const isThere = await access(path).then(
        () => true,
        () => false,
      )
      if (isThere) return path
    }
  throw new CannotRender(
    `no Chromium was found on the PATH (looked for ${names.join(', ')})`,
    'install chromium, or ask for html and print it',
  )
}

async function run(
  command: string,
  args: readonly string[],
  { signal, folder }: { signal: AbortSignal | undefined; folder: string },
): Promise<void> {
  // What it keeps beside its profile goes with the folder, too.
  const env = { ...process.env, TMPDIR: folder }
  const limits = { timeout: renderMsMax, killSignal: 'SIGKILL', signal, env } as const
  await new Promise<void>((resolve, reject) => {
    const child = execFile(command, args, limits, (error) => {
      if (!error) resolve()
      // An abort is reported before it has ended, and until then it writes to the folder.
      else if (child.pid && child.exitCode === null && child.signalCode === null)
        child.once('exit', () => reject(error))
      else reject(error)
    })
  })
}
