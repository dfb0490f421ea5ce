/** Flux queries to the project's InfluxDB, as Grafana sends them: with the API's token. */
import { readFileSync } from 'node:fs'

import type { Project } from './project.ts'

/** Rows of an answer: a column's values by its name. */
type Row = Record<string, string>

/** Queries the InfluxDB of a project. @throws with its answer */
export async function askFlux(project: Project, text: string): Promise<Row[]> {
  const { stdout } = await project.compose('exec', '-T', 'api', 'cat', '/secrets/api/api.token')
  const answer = await fetch(`${project.influxUrl}/api/v2/query?org=weir`, {
    method: 'POST',
    headers: { authorization: `Token ${stdout.trim()}`, 'content-type': 'application/vnd.flux' },
    body: text,
  })
  const csv = await answer.text()
  if (!answer.ok) throw new Error(`${answer.status}: ${csv}\n${text}`)
  return csv.split('\r\n\r\n').flatMap((table) => {
    const [names = [], ...rows] = table
      .split('\r\n')
      .filter((line) => line !== '')
      .map((line) => line.split(','))
    return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i] ?? ''])))
  })
}

/** The dashboard's queries by panel title, with Grafana's variables filled in. */
export function grafanaQueries(range: {
  from: string
  to: string
}): [title: string, text: string][] {
  const { panels } = JSON.parse(readFileSync('docs/grafana/weir.json', 'utf8')) as {
    panels: { title: string; targets: { query: string }[] }[]
  }
  const filled = (text: string) =>
    text
      .replaceAll('${prefix}', 'weir')
      .replaceAll('${tier}', '5m')
      .replaceAll('${exporter:regex}', '.*')
      .replaceAll('v.timeRangeStart', range.from)
      .replaceAll('v.timeRangeStop', range.to)
  return panels.map(({ title, targets }) => [title, filled(targets[0]!.query)])
}

/** The examples of docs/influxdb.md. */
export function documentedQueries(): string[] {
  const text = readFileSync('docs/influxdb.md', 'utf8')
  return [...text.matchAll(/```flux\n([\s\S]*?)```/g)].map(([, query]) => query!)
}
