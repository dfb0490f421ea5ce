/** The fullest allowed wall: twelve panels, eight of them charts. */
import type { NewDashboard, Panel } from '../../api/schema/state.ts'

const at = (column: number, row: number, columns: number, rows: number): Panel['place'] => ({
  column,
  row,
  columns,
  rows,
})
const hour = { from: 'now-1h', to: 'now' }
const quarter = { from: 'now-15m', to: 'now' }
const week = { from: 'now-8d', to: 'now' }

export const fullWall: NewDashboard = {
  id: 'hall',
  title: 'Hall',
  panels: [
    { kind: 'chart', title: 'An hour, by host', place: at(0, 0, 5, 4), query: { ...hour, by: 'host,direction', top: '24', points: '400' } },
    { kind: 'chart', title: 'A quarter, by port', place: at(5, 0, 4, 4), style: 'stacked', query: { ...quarter, by: 'port,direction', points: '400' } },
    { kind: 'live', title: 'Now', place: at(0, 4, 5, 4), measure: 'bits', seconds: 600 },
    { kind: 'live', title: 'Flows now', place: at(5, 4, 4, 4), measure: 'flows', seconds: 300 },
    { kind: 'chart', title: 'A week, by host', place: at(0, 8, 3, 4), query: { ...week, by: 'host,direction', top: '12', points: '400' } },
    { kind: 'chart', title: 'A week, by protocol', place: at(3, 8, 3, 4), style: 'lines', query: { ...week, by: 'protocol,direction', points: '400' } },
    { kind: 'chart', title: 'A quarter, by direction', place: at(6, 8, 3, 4), threshold: 5e6, query: { ...quarter, by: 'direction', points: '400' } },
    { kind: 'chart', title: 'An hour, flows', place: at(9, 8, 3, 4), query: { ...hour, by: 'protocol,direction', measure: 'flows', points: '300' } },
    { kind: 'number', title: 'Greatest', place: at(9, 0, 3, 2), statistic: 'maximum', query: { ...hour, by: 'direction' } },
    { kind: 'top', title: 'Top hosts', place: at(9, 2, 3, 3), query: { ...hour, by: 'host', limit: '6' } },
    { kind: 'incidents', title: 'Incidents', place: at(9, 5, 3, 2), limit: 2 },
    { kind: 'clock', place: at(9, 7, 3, 1) },
  ],
} // prettier-ignore
