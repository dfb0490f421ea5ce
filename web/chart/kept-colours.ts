/** The colours of keys as a browser remembers them: a host is drawn in one colour, in whichever tab. */
import { ColourSlots, type SlotMemory } from './colours.ts'
import type { Layer } from './layers.ts'

/** By the words of their keys: hosts take no colours from ports. */
const slotsByWords = new Map<string, ColourSlots>()

/** What gives the keys of layers their slots. */
export function slotsOf(layers: readonly Layer[]): ColourSlots {
  const key = layers.find(({ id }) => id !== 'other')?.key ?? {}
  const words = Object.keys(key).filter((word) => word !== 'direction')
  const name = `colours-${words.join('-') || 'direction'}`
  const known = slotsByWords.get(name) ?? new ColourSlots(keptInBrowser(name))
  slotsByWords.set(name, known)
  return known
}

/** A private window may refuse to keep anything: colours are then those of the page. */
function keptInBrowser(name: string): SlotMemory {
  const kept = <Value>(attempt: () => Value, otherwise: Value): Value => {
    try {
      return attempt()
    } catch {
      return otherwise
    }
  }
  return {
    read: () => kept(() => localStorage.getItem(name) ?? '', ''),
    write: (text) => kept(() => localStorage.setItem(name, text), undefined),
  }
}
