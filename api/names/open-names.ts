/** Opens the sources of names that the settings name. */
import type { Settings } from '../../flow/settings/settings.ts'
import { OwnNames } from '../../store/names/own-names.ts'
import type { ApiState } from '../documents/state.ts'
import { AllNames } from './all-names.ts'
import { HostNames } from './host-names.ts'
import { Places } from './places.ts'
import { InterfaceNames, readSnmpFile } from './snmp.ts'

/**
 * Names from all sources; those of DNS are kept in `state`.
 * @throws NamesError and others if a file named in the settings cannot be read
 */
export async function openNames(
  { names, naming }: Settings,
  state: ApiState,
): Promise<{ names: AllNames; close(): void }> {
  const own = await OwnNames.open(names)
  const places = await Places.open(naming.asFile, naming.countryFile)
  const { dns, dnsServers, snmpFile } = naming
  const snmp = snmpFile && new InterfaceNames(await readSnmpFile(snmpFile), Date.now)
  const hosts =
    dns === 'off' ? null : new HostNames({ asks: dns, servers: dnsServers, state, now: Date.now })
  await hosts?.open()
  return {
    names: new AllNames({ own, places, ...(snmp ? { snmp } : {}), ...(hosts ? { hosts } : {}) }),
    close() {
      own.close()
      hosts?.close()
    },
  }
}
