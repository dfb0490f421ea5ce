/** Reads the settings of a command, from the environment and the file of `--config`. */
import { reasonOf } from '../flow/reason.ts'
import {
  inspectSettings,
  SettingsError,
  type SettingFault,
  type Settings,
} from '../flow/settings/settings.ts'
import { fileFaults, folderFaults } from './files.ts'
import { readYaml } from './yaml.ts'

/**
 * The settings from the environment, and those not set there from the file of `--config`.
 * @throws SettingsError with every fault
 */
export async function loadSettings(
  environment: Record<string, string | undefined>,
  { path, readsFolder, readsFiles }: { path: unknown; readsFolder: boolean; readsFiles: boolean },
): Promise<Settings> {
  const unread: SettingFault[] = []
  const file = typeof path === 'string' ? await fileOf(path, unread) : {}
  const { settings, faults } = inspectSettings(environment, file)
  if (readsFolder) faults.push(...(await folderFaults(settings)))
  if (readsFiles) faults.push(...(await fileFaults(settings)))
  if (file === null)
    throw new SettingsError([
      ...unread,
      // Of the others nobody knows what the file says.
      ...faults.filter(({ key }) => environment[key] !== undefined),
    ])
  if (faults.length === 0) return settings
  const isInFile = (key: string) => environment[key] === undefined && Object.hasOwn(file, key)
  throw new SettingsError(
    faults.map((fault) => (isInFile(fault.key) ? { ...fault, file: String(path) } : fault)),
  )
}

/** The keys of a settings file; null, and a fault more, if it cannot be read. */
async function fileOf(
  path: string,
  faults: SettingFault[],
): Promise<Record<string, unknown> | null> {
  try {
    return await readYaml(path)
  } catch (error) {
    const remedy = `cannot be read: name a readable YAML file of settings (${reasonOf(error)})`
    faults.push({ key: '--config', value: path, remedy })
    return null
  }
}
