/** The settings of a test. */
import { inspectSettings, SettingsError, type Settings } from '../flow/settings/settings.ts'

/** @throws SettingsError with every fault */
export function readSettings(
  environment: Record<string, string | undefined>,
  file: Record<string, unknown> = {},
): Settings {
  const { settings, faults } = inspectSettings(environment, file)
  if (faults.length > 0) throw new SettingsError(faults)
  return settings
}
