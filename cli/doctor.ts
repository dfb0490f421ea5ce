/** `weir doctor`: checks everything that Weir needs, and says how to fix each fault. */
import { ApiError } from '../api/errors.ts'
import { ingestStatus } from '../api/status/ingest-status.ts'
import { placeText, SettingsError, type Settings } from '../flow/settings/settings.ts'
import { countOf } from '../flow/units.ts'
import { CommandError, exitCodes, type CommandInput } from './command.ts'
import { checkExporters } from './doctor/exporters.ts'
import { fault, ok, type Finding, type FindingState } from './doctor/finding.ts'
import { checkClock, checkDisk, checkFolder, checkKernel } from './doctor/machine.ts'
import { checkHttp, checkSockets } from './doctor/ports.ts'
import { checkStores } from './doctor/stores.ts'
import { fileFaults } from './files.ts'
import { health } from './health.ts'
import { readNames } from './names.ts'

/** What --json prints. */
export interface DoctorAnswer {
  /** Whether there is no fault; warnings do not count. */
  ok: boolean
  findings: Finding[]
}

/** Prints the findings; the exit code is 1 if there is a fault. */
export async function doctor({ settings, values }: CommandInput): Promise<void> {
  if (typeof values['health'] === 'string') return health(settings, values['health'])
  print(await examine(settings), values['json'] === true)
}

/** The same if the settings themselves have faults, so that nothing else can be checked. */
export function doctorOfSettings({ faults }: SettingsError, values: Record<string, unknown>): void {
  const findings = faults.map((found) => fault('settings', placeText(found), found.remedy))
  print(findings, values['json'] === true)
  process.exitCode = exitCodes.usage
}

async function examine(settings: Settings): Promise<Finding[]> {
  const source = ingestStatus(settings.data, Date.now)
  const status = await source.read()
  const why = status ? null : (source.fault?.() ?? null)
  const unread = why instanceof ApiError ? why : null
  const isStarting = (await source.isStarting?.()) === true
  const { findings: stores, archiveBytes } = await checkStores(settings)
  return [
    ...(await checkNamedFiles(settings)),
    ...(await checkSockets(settings, status, isStarting)),
    ...(await checkHttp(settings)),
    ...(await checkKernel(settings)),
    ...(await checkClock()),
    ...(await checkFolder(settings, status)),
    ...(await checkDisk(settings, archiveBytes)),
    ...stores,
    ...(unread
      ? [fault('ingest', unread.message, unread.remedy)]
      : checkExporters(status, { nowMs: Date.now(), isStarting, port: settings.netflow.port })),
  ]
}

async function checkNamedFiles(settings: Settings): Promise<Finding[]> {
  const missing = await fileFaults(settings)
  if (missing.length > 0)
    return missing.map((found) => fault('settings', placeText(found), found.remedy))
  try {
    await readNames(settings)
    const names = settings.names === null ? '' : `, names in ${settings.names}`
    return [ok('settings', `no faults${names}`)]
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return [fault('settings', error.message, 'fix the file of WEIR_NAMES')]
  }
}

const marks: Record<FindingState, string> = { ok: 'ok     ', warning: 'warning', fault: 'FAULT  ' }
const checkWidth = 10

function print(findings: readonly Finding[], asJson: boolean): void {
  const faults = findings.filter(({ state }) => state === 'fault').length
  const answer: DoctorAnswer = { ok: faults === 0, findings: [...findings] }
  if (asJson) console.log(JSON.stringify(answer))
  else {
    for (const { check, state, what, remedy } of findings) {
      console.log(`${marks[state]} ${check.padEnd(checkWidth)} ${what}`)
      if (remedy !== undefined)
        console.log(`${' '.repeat(checkWidth + marks.ok.length)}  → ${remedy}`)
    }
    const warnings = findings.filter(({ state }) => state === 'warning').length
    console.log(`${countOf(faults, 'fault')}, ${countOf(warnings, 'warning')}`)
  }
  if (faults > 0) process.exitCode = exitCodes.failure
}
