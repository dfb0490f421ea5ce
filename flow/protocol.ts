/** IP protocols by IANA's names. */
import registry from './data/protocols.json' with { type: 'json' }

const names: readonly (string | null)[] = registry.names
const numbers = new Map<string, number>()
names.forEach((name, number) => {
  if (name !== null) numbers.set(name, number)
})
/** Names that people type and other tools print, beside IANA's. */
const aliases: Record<string, number> = { icmp6: 58, ospf: 89, ipip: 4 }

/** IANA's name of a protocol in lower case, or the number as text where it has none. */
export function protocolName(number: number): string {
  return names[number] ?? String(number)
}

/** The number of a protocol given as a name or a number from 0 to 255; null for anything else. */
export function protocolNumber(text: string): number | null {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= 255 ? Number(text) : null
  const name = text.toLowerCase()
  return numbers.get(name) ?? (Object.hasOwn(aliases, name) ? aliases[name]! : null)
}

/** All protocols that have a name, by number. */
export function protocolNames(): { name: string; number: number }[] {
  return names.flatMap((name, number) => (name === null ? [] : [{ name, number }]))
}
