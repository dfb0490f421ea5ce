/** The current place: path and query of the address, in step with the browser's history. */
import { signal } from '@preact/signals'

import { readable } from './readable.ts'

interface Place {
  path: string
  /** With its `?`, or empty. */
  query: string
}

function current(): Place {
  return { path: location.pathname, query: location.search }
}

export const place = signal<Place>(current())

/** How many places of this page precede in the history: how far a double click can go back. */
export function depth(): number {
  const state: unknown = history.state
  const found = (state as { depth?: unknown } | null)?.depth
  return typeof found === 'number' ? found : 0
}

/** What asks whether the path may be left: a form after the view that it is in. Empty: nothing would be lost. */
const guards: (() => boolean)[] = []

/** Whether something here would be lost. */
export function hasUnsaved(): boolean {
  return guards.length > 0
}

/** Whether the path may be left: asks, once, if something would be lost. */
export function mayLeave(): boolean {
  return guards.at(-1)?.() ?? true
}

/**
 * Makes the page ask before its path, or the page itself, is left; returns the function that ends
 * this. When the page is left, the browser uses its own words.
 */
export function guardLeaving(ask: () => boolean): () => void {
  const unloading = (event: BeforeUnloadEvent) => {
    if (guards.includes(ask)) event.preventDefault()
  }
  guards.push(ask)
  addEventListener('beforeunload', unloading)
  return () => {
    guards.splice(guards.indexOf(ask), 1)
    removeEventListener('beforeunload', unloading)
  }
}

/** Loads the page anew without asking, so that nothing of what its user saw or wrote is left for the next one. */
export function reloadPage(): void {
  guards.length = 0
  location.reload()
}

/** Goes to an address of the page: a new history entry, so that Back undoes it. */
export function go(address: string): void {
  const { pathname } = new URL(address, location.href)
  if (pathname !== place.value.path && !mayLeave()) return
  history.pushState({ depth: depth() + 1 }, '', address)
  place.value = current()
}

/** Changes the address in place, for changes that Back need not undo. */
export function stay(address: string): void {
  history.replaceState(history.state, '', address)
  place.value = current()
}

/** A parameter of the address's query; empty if absent. */
export function parameter(name: string): string {
  return new URLSearchParams(place.value.query).get(name) ?? ''
}

/** The parameters of this place that select flows and time. */
export function shownFlows(): Record<string, string> {
  const names = ['from', 'to', 'exporter', 'filter']
  return Object.fromEntries(names.map((name) => [name, parameter(name)]))
}

/** This address with some parameters changed; empty ones are left out. */
export function addressWith(changes: Record<string, string>): string {
  const query = new URLSearchParams(place.value.query)
  for (const [name, value] of Object.entries(changes))
    if (value === '') query.delete(name)
    else query.set(name, value)
  return addressOf(place.value.path, Object.fromEntries(query))
}

/** An address of the page from its path and parameters; empty ones are left out. */
export function addressOf(path: string, parameters: Record<string, string | number>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== '')
  const query = given.map(([name, value]) => `${name}=${readable(String(value))}`).join('&')
  return query === '' ? path : `${path}?${query}`
}

/** Handles Back and Forward, and links within the page without reloading it. */
export function followHistory(): void {
  addEventListener('popstate', () => {
    const next = current()
    if (next.path === place.value.path || mayLeave()) place.value = next
    // The browser has already moved, so its entry is put back.
    else history.pushState({ depth: depth() + 1 }, '', place.value.path + place.value.query)
  })
  document.addEventListener('click', (event) => {
    const link = (event.target as Element).closest('a')
    const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey)
    if (!link || !plain || event.defaultPrevented || !isOurs(link)) return
    event.preventDefault()
    go(inThisZone(link))
    if (link.hash === '') scrollTo(0, 0)
  })
}

/** The address of a link, with this place's time zone, so that the target shows the same times. */
function inThisZone({ pathname, search }: HTMLAnchorElement): string {
  const tz = parameter('tz')
  if (tz === '' || new URLSearchParams(search).has('tz')) return pathname + search
  return `${pathname}${search === '' ? '?' : `${search}&`}tz=${readable(tz)}`
}

function isOurs(link: HTMLAnchorElement): boolean {
  const elsewhere = link.target !== '' || link.hasAttribute('download') || link.hash !== ''
  return !elsewhere && link.origin === location.origin && !link.pathname.startsWith('/api/')
}
