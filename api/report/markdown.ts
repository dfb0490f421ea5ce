/** A report as Markdown, for mail and tickets. */
import type { Report, ReportTable } from './content.ts'

export function markdownReport(report: Report): string {
  const { title, sentence, about, tables, facts, limits, evidence, generated } = report
  return [
    `# ${plain(title)}`,
    plain(sentence),
    about.map(([name, value]) => `- ${plain(name)}: ${plain(value)}`).join('\n'),
    ...tables.map((table) => tableMarkdown(table)),
    list('Why it was judged so', facts),
    list('What was lost, and what the data cannot say', limits),
    ...(evidence ? [tableMarkdown(evidence)] : []),
    `Made by Weir from received flows, ${plain(generated)}.`,
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n')
}

function tableMarkdown({ title, columns, rows, note }: ReportTable): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => plain(cell)).join(' | ')} |`
  return [
    `## ${plain(title)}\n`,
    line(columns.map(({ heading }) => heading)),
    `| ${columns.map(({ isNumber }) => (isNumber ? '---:' : '---')).join(' | ')} |`,
    ...rows.map((cells) => line(cells)),
    ...(note === undefined ? [] : ['', plain(note)]),
  ].join('\n')
}

function list(title: string, items: readonly string[]): string {
  if (items.length === 0) return ''
  return `## ${plain(title)}\n\n${items.map((item) => `- ${plain(item)}`).join('\n')}`
}

/** Names come from the network: nothing in them may act as markup. */
function plain(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>|#~]/g, '\\$&').replaceAll(/\s+/g, ' ')
}
