/** The greatest hosts, ports and protocols of the window; a click adds one to the filter. */
import type { Key } from '../../api/schema/schema.ts'
import { formatExact, formatShare, formatWithUnit } from '../../flow/units.ts'
import { isKnown } from '../chart/layers.ts'
import { FaultText } from '../controls/fault-text.tsx'
import { narrowed } from '../controls/narrowed.ts'
import { objectAddress, type NamedObject } from '../object/address.ts'
import {
  sameTables,
  tables,
  tablesOf,
  type Table,
  type TableKey,
  type TableRow,
} from '../state/tables.ts'
import { layers, traffic } from '../state/traffic.ts'
import { show, view } from '../state/view.ts'

const titles: Record<TableKey, string> = {
  host: 'Top hosts',
  port: 'Top ports',
  protocol: 'Top protocols',
}
const abouts: Record<TableKey, string> = {
  host: 'received and sent; each flow counts for both of its ends',
  port: 'service ports',
  protocol: '',
}

/** The filter condition for a row; empty if no filter can express it. */
function conditionOf(key: Key): string {
  const { host, port, protocol } = key
  if (host !== undefined) return `host ${host}`
  const conditions = [protocol === undefined ? '' : `proto ${protocol}`]
  if (typeof port === 'number' || /^\d+$/.test(String(port))) conditions.push(`port ${port}`)
  const isNamed = protocol === undefined || /^[a-z0-9-]+$/i.test(String(protocol))
  return isNamed ? conditions.filter(Boolean).join(' and ') : ''
}

/** The object of a row, which has a page of its own. */
function objectOf(table: TableKey, { host, port, protocol }: Key): NamedObject {
  if (table === 'host') return { kind: 'host', name: String(host) }
  const name = String(protocol)
  return table === 'port' ? { kind: 'port', name: `${name}/${port}` } : { kind: 'protocol', name }
}

export function TopTables() {
  if (tables.value.length === 0) return null
  const [shown, of] = [traffic.value?.view, tablesOf.value]
  const isOlder = shown !== undefined && of !== null && !sameTables(shown, of)
  return (
    <div class={isOlder ? 'tops older' : 'tops'} aria-busy={isOlder}>
      {tables.value.map((table) => (
        <TopTable key={table.key} table={table} isOlder={isOlder} />
      ))}
    </div>
  )
}

function TopTable({ table, isOlder }: { table: Table; isOlder: boolean }) {
  const { key, counted, rows, error } = table
  const peers = rows.some((row) => row.peers !== null)
  return (
    <section class="panel top" aria-label={titles[key]}>
      <h2>
        {titles[key]} <small>{isOlder ? 'of the view before; reading …' : abouts[key]}</small>
      </h2>
      {error && (
        <p class="message error">
          <FaultText error={error} />
        </p>
      )}
      {!error && rows.length === 0 && (
        <p class="dim">
          {layers.value && !isKnown(layers.value.total)
            ? 'unknown: no data of this window'
            : 'nothing in this window'}
        </p>
      )}
      {rows.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">{key}</th>
              {peers && (
                <th scope="col" title="distinct peers">
                  peers
                </th>
              )}
              <th scope="col">{counted}</th>
              <th scope="col">share</th>
              <th scope="col" class="to-graphs">
                <span class="unseen">graphs</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <TopRow key={row.id} row={row} table={table} peers={peers} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

function TopRow({ row, table, peers }: { row: TableRow; table: Table; peers: boolean }) {
  const { key, counted } = table
  const condition = row.other ? '' : conditionOf(row.key)
  return (
    <tr class={row.other ? 'rest' : ''}>
      <th scope="row">
        {condition === '' ? (
          row.label
        ) : (
          <button
            type="button"
            title={`filter: ${condition}`}
            onClick={() =>
              show({ filter: narrowed(view.value.filter, condition), only: [], hide: [] })
            }
          >
            {row.label}
          </button>
        )}
      </th>
      {peers && <td>{row.peers === null ? '' : formatExact(row.peers)}</td>}
      <td title={`${formatExact(row.count)} ${counted}`}>
        {counted === 'bytes' ? formatWithUnit(row.count, 'B') : formatExact(row.count)}
      </td>
      <td class="share">
        <i style={{ '--share': row.share }} />
        <span>{formatShare(row.share)}</span>
      </td>
      <td class="to-graphs">
        {!row.other && (
          <a
            href={objectAddress(objectOf(key, row.key))}
            aria-label={`graphs of ${row.label}`}
            title="its graphs, from a day to 3 years"
          >
            ↗
          </a>
        )}
      </td>
    </tr>
  )
}
