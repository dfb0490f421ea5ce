/**
 * Queries in Flux. The text of a query consists of this code's own words only; every value is bound
 * to a name and sent beside the text as a typed literal (Flux calls that `extern`), never in it.
 */
import type { Connection } from './connection.ts'
import { InfluxFault } from './fault.ts'

interface Literal {
  type: 'StringLiteral' | 'DateTimeLiteral' | 'IntegerLiteral'
  value: string
}

interface Variable {
  type: 'VariableAssignment'
  id: { type: 'Identifier'; name: string }
  init: Literal
}

interface FluxQuery {
  text: string
  variables: readonly Variable[]
}

/** Binds values: each call returns the name for the value in the query's text. */
export class Bindings {
  readonly variables: Variable[] = []

  text(value: string): string {
    return this.#bind({ type: 'StringLiteral', value })
  }

  /** unix ms */
  time(ms: number): string {
    return this.#bind({ type: 'DateTimeLiteral', value: new Date(ms).toISOString() })
  }

  integer(value: number): string {
    return this.#bind({ type: 'IntegerLiteral', value: String(value) })
  }

  #bind(init: Literal): string {
    const name = `bound${this.variables.length}`
    this.variables.push({ type: 'VariableAssignment', id: { type: 'Identifier', name }, init })
    return name
  }
}

/**
 * A condition that holds if any of these, of which there is one at least, holds. Halved again and
 * again: a plain chain of `or` is nested one level deeper for each condition, and Flux refuses a
 * program with more than some 150 levels.
 */
export function anyOf(conditions: readonly string[]): string {
  if (conditions.length === 1) return `(${conditions[0]!})`
  const middle = Math.ceil(conditions.length / 2)
  return `(${anyOf(conditions.slice(0, middle))} or ${anyOf(conditions.slice(middle))})`
}

/** Called with each row: its values, and the position of each column in them. */
type RowVisitor = (values: readonly string[], columns: ReadonlyMap<string, number>) => void

/** Runs a query, and calls back with every row of the answer. @throws InfluxFault */
export async function askFlux(
  connection: Connection,
  { org, query, signal }: { org: string; query: FluxQuery; signal?: AbortSignal | undefined },
  visit: RowVisitor,
): Promise<void> {
  const answer = await connection.request(
    `/api/v2/query?${new URLSearchParams({ org }).toString()}`,
    {
      method: 'POST',
      headers: { accept: 'application/csv' },
      body: JSON.stringify({
        query: query.text,
        type: 'flux',
        extern: { type: 'File', package: null, imports: null, body: query.variables },
        dialect: { header: true, annotations: [] },
      }),
      ...(signal ? { signal } : {}),
    },
  )
  readCsv(String(answer), visit)
}

/** Reads Flux's CSV: tables one after another; an empty line ends one, and a header begins the next. */
export function readCsv(text: string, visit: RowVisitor): void {
  let columns: Map<string, number> | null = null
  for (let at = 0; at < text.length;) {
    let end = text.indexOf('\n', at)
    if (end < 0) end = text.length
    const line = text.slice(at, text[end - 1] === '\r' ? end - 1 : end)
    at = end + 1
    if (line === '') {
      columns = null
      continue
    }
    const values = line.includes('"') ? splitQuoted(line) : line.split(',')
    if (columns) visit(values, columns)
    else {
      columns = new Map(values.map((name, place) => [name, place]))
      // An error after the start of the answer comes as a table of its own.
      if (columns.has('error')) throw new InfluxFault('busy', text.slice(at))
    }
  }
}

/** The values of a line that contains quoted ones (RFC 4180). */
function splitQuoted(line: string): string[] {
  const values: string[] = []
  for (let at = 0; at <= line.length;) {
    if (line[at] !== '"') {
      const end = line.indexOf(',', at)
      values.push(line.slice(at, end < 0 ? line.length : end))
      at = end < 0 ? line.length + 1 : end + 1
      continue
    }
    let value = ''
    for (at++; at < line.length; at++) {
      if (line[at] !== '"') value += line[at]
      else if (line[at + 1] === '"') value += line[at++]
      else break
    }
    values.push(value)
    at += 2
  }
  return values
}
