/** Key colours remembered in the browser: a host has one colour in every tab. */
import { ColourSlots, type SlotMemory } from './colours.ts'
import type { Layer } from './layers.ts'

/** By the words of the keys: hosts take no colours from ports. */
const slotsByWords = new Map<string, ColourSlots>()

/** The slots for the keys of some layers. */
export function slotsOf(layers: readonly Layer[]): ColourSlots {
  const key = layers.find(({ id }) => id !== 'other')?.key ?? {}
  const words = Object.keys(key).filter((word) => word !== 'direction')
  const name = `colours-${words.join('-') || 'direction'}`
  const known = slotsByWords.get(name) ?? new ColourSlots(keptInBrowser(name))
  slotsByWords.set(name, known)
  return known
}

/** A private window may refuse storage: colours then last as long as the page. */
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
