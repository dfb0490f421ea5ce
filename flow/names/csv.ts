/**
 * Custom names as CSV, as exported by spreadsheets and IPAM systems: a header, then one line per network or
 * host. `address` (or network, cidr, ip) and `name` are required; site and owner are optional.
 *
 *     address,name,site,owner
 *     10.0.0.0/24,office,Brussels,facilities
 *     10.0.0.22,"bobby22.bigbiz.local"
 */
import { NamesError } from './names.ts'

const addressWords = ['address', 'network', 'cidr', 'ip', 'prefix']

/**
 * Converts CSV text to the parsed form of a names file (see Names).
 * @throws NamesError naming each invalid line
 */
export function namesFromCsv(text: string): { networks: Record<string, object> } {
  const [heading = [], ...lines] = rowsOf(text)
  const words = heading.map((word) => word.trim().toLowerCase())
  const addressAt = words.findIndex((word) => addressWords.includes(word))
  const at = (word: string) => words.indexOf(word)
  if (addressAt < 0 || at('name') < 0)
    throw new NamesError(['the first line must name the columns: address,name,site,owner'])
  const networks: Record<string, object> = {}
  const faults: string[] = []
  for (const [i, cells] of lines.entries()) {
    if (cells.every((cell) => cell.trim() === '')) continue
    const cell = (index: number) => (index < 0 ? '' : (cells[index] ?? '').trim())
    const [address, name] = [cell(addressAt), cell(at('name'))]
    if (address === '' || name === '') faults.push(`line ${i + 2}: it has no address or no name`)
    else if (Object.hasOwn(networks, address)) faults.push(`line ${i + 2}: ${address} stands twice`)
    else networks[address] = { name, site: cell(at('site')), owner: cell(at('owner')) }
  }
  if (faults.length > 0) throw new NamesError(faults)
  return { networks }
}

/** Splits CSV text into rows and cells (RFC 4180; semicolons if the header has them and no comma). */
function rowsOf(text: string): string[][] {
  const clean = text.replace(/^\uFEFF/, '')
  const [first = ''] = clean.split('\n', 1)
  const separator = !first.includes(',') && first.includes(';') ? ';' : ','
  const rows: string[][] = [[]]
  let cell = ''
  let isQuoted = false
  for (let i = 0; i < clean.length; i++) {
    const letter = clean[i]!
    if (isQuoted && letter === '"' && clean[i + 1] === '"') cell += clean[++i]!
    else if (letter === '"') isQuoted = !isQuoted
    else if (!isQuoted && (letter === separator || letter === '\n')) {
      rows.at(-1)!.push(cell.replace(/\r$/, ''))
      cell = ''
      if (letter === '\n') rows.push([])
    } else cell += letter
  }
  rows.at(-1)!.push(cell)
  return rows
}
