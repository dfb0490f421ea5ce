/** What is usual for that hour, and what it was instead. */
import type { Usual } from '../../api/schema/explain.ts'
import { formatExact, formatWithUnit } from '../../flow/units.ts'

export function UsualTable({ usual }: { usual: Usual }) {
  const { bits, connections, actual, basis } = usual
  const rate = (value: number | null) => (value === null ? '–' : formatWithUnit(value, 'b/s'))
  const count = (value: number | null) => (value === null ? '–' : formatExact(Math.round(value)))
  return (
    <table class="figures narrow">
      <thead>
        <tr>
          <td />
          <th scope="col" title={basis}>
            usual
          </th>
          <th scope="col">then</th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">received</th>
          <td>{rate(bits.in)}</td>
          <td>{rate(actual.bits.in)}</td>
        </tr>
        <tr>
          <th scope="row">sent</th>
          <td>{rate(bits.out)}</td>
          <td>{rate(actual.bits.out)}</td>
        </tr>
        <tr>
          <th scope="row">connections</th>
          <td>{count(connections)}</td>
          <td>{count(actual.connections)}</td>
        </tr>
      </tbody>
      <caption>Usual: {basis}</caption>
    </table>
  )
}
