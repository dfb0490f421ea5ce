/** IP protocols by IANA name. */
import registry from './data/protocols.json' with { type: 'json' }

const names: readonly (string | null)[] = registry.names
const numbers = new Map<string, number>()
names.forEach((name, number) => {
  if (name !== null) numbers.set(name, number)
})
/** Names that people type and other tools print, besides IANA's. */
const aliases: Record<string, number> = { icmp6: 58, ospf: 89, ipip: 4 }

/** The IANA name of a protocol in lower case, or its number as text if it has none. */
export function protocolName(number: number): string {
  return names[number] ?? String(number)
}

/** The number of a protocol given by name or number (0 to 255); null for anything else. */
export function protocolNumber(text: string): number | null {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= 255 ? Number(text) : null
  const name = text.toLowerCase()
  return numbers.get(name) ?? (Object.hasOwn(aliases, name) ? aliases[name]! : null)
}

/** All named protocols, by number. */
export function protocolNames(): { name: string; number: number }[] {
  return names.flatMap((name, number) => (name === null ? [] : [{ name, number }]))
}
