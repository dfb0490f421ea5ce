/** Snapshots of netflow_parser in YAML: messages → sets → records of [element, value] pairs. */
import { parse } from 'yaml'

import { FieldsBuilder } from './fields.ts'
import { emptyGolden, type Golden, type FieldMap } from './golden.ts'
import { isTree, type Tree } from './tree.ts'
import { application } from './value.ts'

/** Reads a golden. It does not give the datagram of a message: unreadable ones are left out. */
export function readSnapshot(source: string, text: string): Golden {
  const golden = emptyGolden(source)
  // The first document is about the snapshot's origin.
  const messages: unknown = parse(text.replace(/^---\n[^]*?\n---\n/, ''))
  for (const message of [messages].flat()) visit(golden, message)
  return golden
}

function visit(golden: Golden, node: unknown): void {
  if (Array.isArray(node)) for (const child of node) visit(golden, child)
  if (!isTree(node)) return
  const fields = isTree(node['Data']) ? node['Data']['fields'] : undefined
  for (const record of Array.isArray(fields) ? fields : [])
    golden.records.push({ datagram: null, setId: null, byField: readRecord(record) })
  for (const child of Object.values(node)) visit(golden, child)
}

function readRecord(record: unknown): FieldMap {
  const byField = new FieldsBuilder()
  for (const pair of Array.isArray(record) ? record : []) {
    const [element, value] = Array.isArray(pair) ? (pair as unknown[]) : []
    if (!isTree(element) || !isTree(value)) continue
    const [name] = Object.values(element)
    if (typeof name === 'string') byField.add(ianaName(name), valueOf(value))
  }
  return byField.preferInnermost().finish()
}

/** IngressVrfid → ingressvrfid: look-ups ignore case. */
const ianaName = (name: string): string => name.replace(/^Cisco(Client|Server)L4Port/, '$1TransportPort').replace(/^Cisco/, '') // prettier-ignore

/** The innermost value, however it is wrapped. */
function valueOf(value: Tree): unknown {
  const engine = value['ApplicationId']
  if (isTree(engine)) {
    const [selector] = Object.values(engine['selector_id'] as Tree)
    return application(`${String(engine['classification_engine_id'])}..${String(selector)}`)
  }
  const [inner] = Object.values(value)
  return isTree(inner) ? valueOf(inner) : inner
}
