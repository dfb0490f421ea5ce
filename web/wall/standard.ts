/** The dashboard that a wall shows if none has been made: what everybody wants to see first. */
import type { DashboardBody, Panel } from '../../api/schema/state.ts'

type Place = Panel['place']

function at(column: number, row: number, columns: number, rows: number): Place {
  return { column, row, columns, rows }
}

const day = { from: 'now-24h', to: 'now' }
const hours = { from: 'now-3h', to: 'now' }

export const standardDashboard: DashboardBody = {
  title: 'Traffic',
  refreshSeconds: 15,
  panels: [
    { kind: 'chart', title: 'The last 3 hours, by host', place: at(0, 0, 9, 5), query: { ...hours, by: 'host,direction', top: '24', points: '400' } },
    { kind: 'number', title: 'In', place: at(9, 0, 3, 2), statistic: 'last', query: { ...hours, by: 'direction', filter: 'dst local and src remote', points: '40' } },
    { kind: 'number', title: 'Out', place: at(9, 2, 3, 2), statistic: 'last', query: { ...hours, by: 'direction', filter: 'src local and dst remote', points: '40' } },
    { kind: 'clock', place: at(9, 4, 3, 2) },
    { kind: 'incidents', title: 'Incidents', place: at(0, 5, 9, 3), limit: 3 },
    { kind: 'top', title: 'Top hosts of the hour', place: at(9, 6, 3, 5), query: { from: 'now-1h', to: 'now', by: 'host', limit: '7' } },
    { kind: 'chart', title: '24 hours, by protocol', place: at(0, 8, 9, 3), query: { ...day, by: 'protocol,direction', points: '300' } },
  ],
} // prettier-ignore
