/** An applicationId as text: its classification engine and selector (RFC 6759), such as 3:443. */

const selectors = 2 ** 24

/** An applicationId as ENGINE:SELECTOR. */
export function applicationText(id: number): string {
  return `${Math.floor(id / selectors)}:${id % selectors}`
}

/** The applicationId of such a text, or null. */
export function applicationId(text: string): number | null {
  const match = /^(\d{1,3}):(\d{1,8})$/.exec(text)
  if (!match) return null
  const [engine, selector] = [Number(match[1]), Number(match[2])]
  return engine <= 255 && selector < selectors ? engine * selectors + selector : null
}
