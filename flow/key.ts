/** Normalises key words that people type to their stored form: 2001:DB8::0:1 is 2001:db8::1, 6 is tcp. */
import { formatAddress, parseAddress } from './address.ts'
import { protocolName, protocolNumber } from './protocol.ts'

interface WordForm {
  /** What the word's values are, in plain words. */
  is: string
  stored: (text: string) => string | null
}

const addressForm: WordForm = {
  is: 'an IPv4 or IPv6 address',
  stored: (text) => {
    const words = parseAddress(text)
    return words && formatAddress(...words)
  },
}

const interfaceForm: WordForm = {
  is: 'the index of an interface, 0 to 4294967295',
  stored: (text) => wholeText(text, 2 ** 32 - 1),
}

/** Stored in place of a port if neither is meaningful: see portText. */
const portWords = new Set(['ephemeral', 'none'])

const forms: Record<string, WordForm> = {
  host: addressForm,
  exporter: addressForm,
  interface: interfaceForm,
  counter: interfaceForm,
  protocol: {
    is: 'a protocol by its name or number',
    stored: (text) => {
      const number = protocolNumber(text)
      return number === null ? null : protocolName(number)
    },
  },
  port: {
    is: 'a port from 0 to 65535, ephemeral or none',
    stored: (text) =>
      portWords.has(text.toLowerCase()) ? text.toLowerCase() : wholeText(text, 65_535),
  },
}

function wholeText(text: string, most: number): string | null {
  return /^\d{1,10}$/.test(text) && Number(text) <= most ? String(Number(text)) : null
}

/** The stored form of a key word's value, or null if the text is invalid. Other words accept any text. */
export function storedWord(word: string, text: string): string | null {
  const form = forms[word]
  return form ? form.stored(text) : text
}

/** What the values of a key word are, in plain words. */
export function wordForm(word: string): string {
  return forms[word]?.is ?? 'a text'
}
