/**
 * Files named in the settings: checked before anything starts, so that all missing ones are
 * reported at once.
 */
import { access, constants, stat } from 'node:fs/promises'

import { sendsFlows, type SettingFault, type Settings } from '../flow/settings/settings.ts'

interface NamedFile {
  key: string
  path: string | null
  isProgram?: boolean
}

function namedFiles(settings: Settings): NamedFile[] {
  const { access: who, alerts, naming, influx, clickhouse, names, store } = settings
  return [
    { key: 'NAMES', path: names },
    { key: 'SNMP', path: naming.snmpFile },
    { key: 'AS_FILE', path: naming.asFile },
    { key: 'COUNTRY_FILE', path: naming.countryFile },
    { key: 'PASSWORD_FILE', path: who.passwordFile },
    { key: 'MAIL_PASSWORD_FILE', path: alerts.mailPasswordFile },
    { key: 'ALERT_SCRIPT', path: alerts.script, isProgram: true },
    { key: 'INFLUX_TOKEN_FILE', path: store === 'influx' ? influx.tokenFile : null },
    {
      key: 'CLICKHOUSE_PASSWORD_FILE',
      path: sendsFlows(settings) ? clickhouse.passwordFile : null,
    },
  ]
}

/** A fault if the data folder is, or would lie below, something that is no folder; it need not exist. */
export async function folderFaults({ data }: Settings): Promise<SettingFault[]> {
  const isUsable = await stat(data).then(
    (found) => found.isDirectory(),
    (error: NodeJS.ErrnoException) => error.code !== 'ENOTDIR',
  )
  return isUsable ? [] : [{ key: 'WEIR_DATA', value: data, remedy: 'is no folder: name one' }]
}

/** A fault for every file that is missing, or that we may not read or run. */
export async function fileFaults(settings: Settings): Promise<SettingFault[]> {
  const faults: SettingFault[] = []
  for (const { key, path, isProgram } of namedFiles(settings)) {
    if (path === null) continue
    const mode = isProgram === true ? constants.X_OK : constants.R_OK
    const remedy = isProgram === true ? 'name an executable file' : 'name a readable file'
    await access(path, mode).catch((error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ENOENT' ? 'does not exist' : 'may not be used by this user'
      faults.push({ key: `WEIR_${key}`, value: path, remedy: `${reason}: ${remedy}` })
    })
  }
  return faults
}
