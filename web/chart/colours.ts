/**
 * Which colour a key has: the same key the same colour in every view, on every machine, so far as
 * the keys of one chart do not need the same one.
 */

export type Theme = 'dark' | 'light'

/**
 * Colours that stay apart for normal sight and for protanopia, deuteranopia and tritanopia (chosen
 * by distance in OKLab after Machado et al. 2009; test/web/colours.test.ts measures them). One slot
 * is one hue in both themes.
 */
export const palettes: Record<Theme, readonly string[]> = {
  dark: [
    '#43c0f3', '#e5a14b', '#6e87db', '#9abd92', '#ca723c', '#3967b3', '#f9d46b', '#b88fb3',
    '#c0e3b8', '#a54a28', '#8d4a72',
  ],
  light: [
    '#4188b6', '#c4a032', '#73a5f6', '#667900', '#d66f71', '#4256a6', '#f7c15f', '#c9c3f6',
    '#76e5ad', '#842b02', '#633f5f',
  ],
} // prettier-ignore

/** What is not a key: the rest of a cut list. */
export const otherColours: Record<Theme, string> = { dark: '#6f7a84', light: '#a9b1b8' }

const slots = palettes.dark.length

/** Keys that everybody knows have their slot by custom; the others by a hash of their name. */
const customary: Record<string, number> = {
  in: 0,
  out: 1,
  internal: 3,
  transit: 7,
  tcp: 0,
  udp: 1,
  icmp: 6,
  'tcp/443': 0,
  'udp/443': 2,
  'tcp/80': 3,
  'udp/53': 6,
}

/** Keys whose slot is remembered while the page is open. */
const rememberedMax = 1000

/** Gives each of a chart's keys a slot; what it gave a key before, it gives again where it can. */
export class ColourSlots {
  readonly #given = new Map<string, number>()

  /** The slot of each id, in their order. The first `slots` ids get different ones. */
  assign(ids: readonly string[]): number[] {
    const taken = new Set<number>()
    const chosen = new Map<string, number>()
    const take = (id: string, slot: number) => {
      chosen.set(id, slot)
      taken.add(slot)
    }
    for (const id of ids) {
      const before = this.#given.get(id)
      if (before !== undefined && !taken.has(before)) take(id, before)
    }
    for (const id of ids) if (!chosen.has(id)) take(id, freeSlot(preferredSlot(id), taken))
    if (this.#given.size > rememberedMax) this.#given.clear()
    for (const [id, slot] of chosen) this.#given.set(id, slot)
    return ids.map((id) => chosen.get(id)!)
  }
}

/** The slot that a key has by itself. */
function preferredSlot(id: string): number {
  return Object.hasOwn(customary, id) ? customary[id]! : hash(id) % slots
}

function freeSlot(preferred: number, taken: ReadonlySet<number>): number {
  for (let i = 0; i < slots; i++) {
    const slot = (preferred + i) % slots
    if (!taken.has(slot)) return slot
  }
  return preferred
}

/** FNV-1a, 32 bits: short, and spreads addresses that differ in one digit. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0
  return (h ^ (h >>> 15)) >>> 0
}

/** A colour moved towards another: how a key's internal and transit parts are told from its in. */
export function mixed(colour: string, towards: string, part: number): string {
  const channel = (text: string, at: number) => Number.parseInt(text.slice(at, at + 2), 16)
  const mix = (at: number) =>
    Math.round(channel(colour, at) * (1 - part) + channel(towards, at) * part)
  return `#${[1, 3, 5].map((at) => mix(at).toString(16).padStart(2, '0')).join('')}`
}
