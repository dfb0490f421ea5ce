/** Stores the names that exporters have for their interfaces and for the numbers in flows. */
import type { InterfaceName } from '../../../flow/status.ts'
import type { DatagramContext } from '../context.ts'
import { interfaceOf, type OptionsRecord } from './options-record.ts'

/** Stores the name of an interface; false if there is no room. */
export function keepInterface(
  { exporter }: DatagramContext,
  record: OptionsRecord,
  room: boolean,
): boolean {
  const { texts } = record
  const index = interfaceOf(record)
  const name = texts.get('interfaceName')
  const alias = texts.get('interfaceDescription')
  if (index === undefined || (name === undefined && alias === undefined)) return true
  const held: InterfaceName | undefined = exporter.interfaces.get(index)
  if (!held && !room) return false
  const labels = { name: name || (held?.name ?? null), alias: alias || (held?.alias ?? null) }
  if (!exporter.takeText(labels.name, held?.name)) return false
  if (!exporter.takeText(labels.alias, held?.alias)) {
    exporter.takeText(held?.name ?? null, labels.name)
    return false
  }
  exporter.interfaces.set(index, { index, ...labels, speed: held?.speed ?? null })
  return true
}

/** Names for the numbers in flows: the elements of number, of which the first present counts, and of name. */
const namings = [
  { names: 'applications', ids: ['applicationId'], text: 'applicationName' },
  { names: 'vrfs', ids: ['ingressVRFID', 'egressVRFID'], text: 'VRFname' },
] as const

/** Stores names for the numbers in flows; false if there is no room. */
export function keepNames(
  { exporter }: DatagramContext,
  { numbers, texts }: OptionsRecord,
  room: boolean,
): boolean {
  for (const naming of namings) {
    const names = exporter[naming.names]
    const id = naming.ids.map((name) => numbers.get(name)).find((each) => each !== undefined)
    const text = texts.get(naming.text)
    if (id === undefined || !text) continue
    const held = names.get(id)
    if ((held === undefined && !room) || !exporter.takeText(text, held)) return false
    names.set(id, text)
  }
  return true
}
