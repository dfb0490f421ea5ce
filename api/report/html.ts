/** A report as one HTML page for paper: A4, no scripts, nothing external; a second page for the flows. */
import { createHash } from 'node:crypto'

import { escapeMarkup } from '../markup.ts'
import type { Report, ReportTable } from './content.ts'

const style = `
@page { size: A4 portrait; margin: 11mm 14mm 10mm }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 182mm; color: #202124; background: #fff; font: 10pt/1.35 "Liberation Sans", "DejaVu Sans", Arial, sans-serif }
h1 { font-size: 16pt; margin: 0 0 2mm }
h2 { font-size: 10.5pt; margin: 2.6mm 0 0.6mm }
p { margin: 0 0 2mm }
.sentence { font-size: 12.5pt; line-height: 1.4; border-left: 1mm solid #b3261e; padding: 1mm 0 1mm 3mm; margin: 1.5mm 0 2mm }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 4mm; margin: 0 0 2mm; font-size: 9pt }
dt { color: #5f6368 } dd { margin: 0; overflow-wrap: anywhere }
figure { margin: 0 } svg { width: 100%; height: auto; display: block }
table { border-collapse: collapse; width: 100%; font-size: 8.5pt; line-height: 1.25 }
th { text-align: left; font-weight: 600; border-bottom: 0.4pt solid #5f6368; padding: 0.6mm 2mm 0.6mm 0 }
td { padding: 0.35mm 2mm 0.35mm 0; border-bottom: 0.2pt solid #e3e5e8; vertical-align: top; overflow-wrap: anywhere }
td.number, .whole { white-space: nowrap }
.number { text-align: right; font-variant-numeric: tabular-nums }
ul { margin: 0; padding-left: 4mm; font-size: 8.5pt }
.note, footer { font-size: 8pt; color: #5f6368; margin: 1mm 0 0 }
.evidence { break-before: page } .evidence table { font-size: 7pt }
@media screen { body { padding: 10mm } }
`

/** The content security policy of a report: its own style, and nothing else. */
export const reportPolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'`

export function htmlReport(report: Report): string {
  const { title, sentence, about, chart, tables, facts, limits, evidence, generated } = report
  const rows = about.map(
    ([name, value]) => `<dt>${escapeMarkup(name)}</dt><dd>${escapeMarkup(value)}</dd>`,
  )
  const figure = chart
    ? `<figure role="group" aria-label="${escapeMarkup(chart.description)}" class="chart">${chart.svg}</figure>`
    : ''
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    `<title>${escapeMarkup(title)}</title><style>${style}</style></head><body>`,
    `<h1>${escapeMarkup(title)}</h1><p class="sentence">${escapeMarkup(sentence)}</p>`,
    `<dl>${rows.join('')}</dl>${figure}`,
    ...tables.map((table) => tableHtml(table)),
    listHtml('Why it was judged so', facts),
    listHtml('What was lost, and what the data cannot say', limits),
    `<footer>Made by Weir from received flows, ${escapeMarkup(generated)}.</footer>`,
    evidence ? `<section class="evidence">${tableHtml(evidence)}</section>` : '',
    '</body></html>',
  ].join('\n')
}

function tableHtml({ title, columns, rows, note }: ReportTable): string {
  const kind = (at: number) => {
    const { isNumber, isWhole } = columns[at]!
    return isNumber ? ' class="number"' : isWhole ? ' class="whole"' : ''
  }
  const heads = columns.map(({ heading }, at) => `<th${kind(at)}>${escapeMarkup(heading)}</th>`)
  const lines = rows.map(
    (cells) =>
      `<tr>${cells.map((cell, at) => `<td${kind(at)}>${escapeMarkup(cell)}</td>`).join('')}</tr>`,
  )
  const said = note === undefined ? '' : `<p class="note">${escapeMarkup(note)}</p>`
  return `<h2>${escapeMarkup(title)}</h2><table><thead><tr>${heads.join('')}</tr></thead><tbody>${lines.join('')}</tbody></table>${said}`
}

function listHtml(title: string, items: readonly string[]): string {
  if (items.length === 0) return ''
  const lines = items.map((item) => `<li>${escapeMarkup(item)}</li>`)
  return `<h2>${escapeMarkup(title)}</h2><ul>${lines.join('')}</ul>`
}
