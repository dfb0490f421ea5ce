/** How large a dashboard and its panels may be, for the API and for the forms of the page. */
export const dashboardLimits = {
  panels: 12,
  /** Columns of the grid, the most rows of a panel, and the last row in which one may begin. */
  columns: 12,
  rows: 24,
  rowLast: 99,
  /** Characters of a title, and of a note. */
  title: 200,
  text: 2000,
  /** Incidents that a panel lists. */
  incidents: 50,
} as const
