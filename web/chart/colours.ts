/**
 * The colour of a key: the same in every chart, view and tab of a browser, unless two keys of one
 * chart would share it.
 */

export type Theme = 'dark' | 'light'

/**
 * Colours that can be told apart with normal sight and with protanopia, deuteranopia and tritanopia
 * (chosen by distance in OKLab after Machado et al. 2009; test/web/colours.test.ts measures them).
 * One slot is one hue in both themes.
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

/** The rest of a cut list, which is not a key. */
export const otherColours: Record<Theme, string> = { dark: '#6f7a84', light: '#a9b1b8' }

const slots = palettes.dark.length

/** Well-known keys have a fixed slot; others get theirs from a hash of their name. */
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

/** Keys whose slot is remembered, most recently used ones. */
const rememberedMax = 300

/** Where slots are remembered beyond the page, as text; empty if nothing is. */
export interface SlotMemory {
  read: () => string
  write: (text: string) => void
}

const ofThePage: SlotMemory = { read: () => '', write: () => undefined }

/** Assigns slots to keys of one kind; a key keeps its earlier slot where possible. */
export class ColourSlots {
  /**
   * By the hash of a key, so that no addresses are left behind in a browser; most recently used
   * last.
   */
  #given = new Map<number, number>()
  #text = ''
  readonly #memory: SlotMemory

  constructor(memory: SlotMemory = ofThePage) {
    this.#memory = memory
  }

  /** The slot of each id, in order. The first `slots` ids get different ones. */
  assign(ids: readonly string[]): number[] {
    this.#recall()
    const keys = ids.map((id) => hash(id))
    const taken = new Set<number>()
    const chosen = new Map<number, number>()
    const take = (key: number, slot: number) => {
      chosen.set(key, slot)
      taken.add(slot)
    }
    for (const key of keys) {
      const before = this.#given.get(key)
      if (before !== undefined && !taken.has(before)) take(key, before)
    }
    ids.forEach((id, i) => {
      if (chosen.has(keys[i]!)) return
      const slot = this.#slotFor(id, taken)
      take(keys[i]!, slot)
      this.#given.set(keys[i]!, slot)
    })
    this.#remember(chosen)
    return keys.map((key) => chosen.get(key)!)
  }

  /** Of the slots free in a chart, one without a key, else the one whose keys have gone unused for longest. */
  #slotFor(id: string, taken: ReadonlySet<number>): number {
    const preferred = preferredSlot(id)
    const used = new Map([...this.#given.values()].map((slot, at) => [slot, at]))
    let best = preferred
    let oldest = Number.POSITIVE_INFINITY
    for (let i = 0; i < slots; i++) {
      const slot = (preferred + i) % slots
      const at = used.get(slot) ?? -1
      if (taken.has(slot) || at >= oldest) continue
      best = slot
      oldest = at
    }
    return best
  }

  /** Takes over what another tab has stored in the meantime. */
  #recall(): void {
    const text = this.#memory.read()
    if (text === this.#text) return
    this.#text = text
    for (const pair of text.split(' ')) {
      const [key = Number.NaN, slot = Number.NaN] = pair.split(':').map(Number)
      if (Number.isInteger(key) && slot >= 0 && slot < slots) this.#given.set(key, slot)
    }
  }

  #remember(chosen: ReadonlyMap<number, number>): void {
    for (const [key, slot] of chosen) {
      this.#given.delete(key)
      this.#given.set(key, slot)
    }
    this.#given = new Map([...this.#given].slice(-rememberedMax))
    const text = [...this.#given].map((pair) => pair.join(':')).join(' ')
    if (text === this.#text) return
    this.#text = text
    this.#memory.write(text)
  }
}

/** The slot that a key prefers. */
function preferredSlot(id: string): number {
  return Object.hasOwn(customary, id) ? customary[id]! : hash(id) % slots
}

/** FNV-1a, 32 bits: short, and spreads addresses that differ in one digit. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0
  return (h ^ (h >>> 15)) >>> 0
}

/** A colour mixed with another: sets a key's internal and transit parts apart from its in. */
export function mixed(colour: string, towards: string, part: number): string {
  const channel = (text: string, at: number) => Number.parseInt(text.slice(at, at + 2), 16)
  const mix = (at: number) =>
    Math.round(channel(colour, at) * (1 - part) + channel(towards, at) * part)
  return `#${[1, 3, 5].map((at) => mix(at).toString(16).padStart(2, '0')).join('')}`
}
