/**
 * Formats figures: base 1000 with SI prefixes (lower-case k), durations in words. The form is
 * RRDtool's legend (`%6.2lf %s`): two decimals and one letter, so that columns line up.
 */

const decimalsMax = 6
const prefixes = ['', 'k', 'M', 'G', 'T', 'P', 'E']

/** Splits a figure into number and prefix: 12345678 gives 12.345678 and M. */
export function scaled(value: number): { number: number; prefix: string } {
  let number = value
  let power = 0
  // 999.995 would be printed as 1000.00.
  while (Math.abs(number) >= 999.995 && power < prefixes.length - 1) {
    number /= 1000
    power++
  }
  return { number, prefix: prefixes[power]! }
}

/** A figure with two decimals and its prefix: 12.35 M. Integers under 1000 stay integers; 0.0042 is not 0.00. */
export function formatScaled(value: number): string {
  const { number, prefix } = scaled(value)
  const digits = prefix === '' && Number.isInteger(number) ? 0 : decimalsOf(Math.abs(number))
  return prefix === '' ? number.toFixed(digits) : `${number.toFixed(digits)} ${prefix}`
}

/** Two decimals, or two significant digits of a tiny figure: a connection in four minutes. */
function decimalsOf(size: number): number {
  return size >= 0.01 ? 2 : Math.min(decimalsMax, 1 - Math.floor(Math.log10(size)))
}

/** A figure in short form for axes: 20 M, 2.5 k, 0. */
export function formatShort(value: number): string {
  const { number, prefix } = scaled(value)
  const text = String(Number(number.toPrecision(4)))
  return prefix === '' ? text : `${text} ${prefix}`
}

/** Parses a figure such as 100M, 2.5 k or 40; null if it is not one. */
export function parseScaled(text: string): number | null {
  const match = /^\s*(\d{1,15}(?:\.\d{1,6})?)\s*([kKMGTP]?)\s*$/.exec(text)
  if (!match) return null
  const power = prefixes.indexOf(match[2] === 'K' ? 'k' : match[2]!)
  return Number(match[1]) * 1000 ** power
}

/** A figure with its unit: 4.00 GB, 12.35 Mb/s, 312. */
export function formatWithUnit(value: number, unit: string): string {
  const text = formatScaled(value)
  if (unit === '') return text
  return /[a-zA-Z]$/.test(text) ? `${text}${unit}` : `${text} ${unit}`
}

/** An integer in full, in groups of three: 50,336,916,389. */
export function formatExact(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 3 })
}

/** A number of things in words, such as 1 flow or 1,024 flows. */
export function countOf(count: number, word: string): string {
  return `${formatExact(count)} ${word}${count === 1 ? '' : 's'}`
}

const durations: readonly [seconds: number, unit: string][] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
]

/** A duration in its two largest units: 4 min 23 s, 2 h, 6 d 4 h. */
export function formatDuration(seconds: number): string {
  let rest = Math.round(seconds)
  const words: string[] = []
  for (const [size, unit] of durations) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) words.push(`${count} ${unit}`)
    else if (words.length > 0) break
    if (words.length === 2) break
  }
  return words.length > 0 ? words.join(' ') : `${Number(seconds.toPrecision(2))} s`
}

/** A share of a whole in percent: 22.8 %, and <0.1 % for one that is not nothing. */
export function formatShare(share: number): string {
  const percent = share * 100
  return `${percent > 0 && percent < 0.05 ? '<0.1' : percent.toFixed(1)} %`
}
