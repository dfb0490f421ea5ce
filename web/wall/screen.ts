/** The screen itself: kept awake, pointer hidden, dimmed at night, reloaded for a new version. */
import { signal } from '@preact/signals'

import { wallTime } from '../../flow/zone.ts'
import { clockNow } from '../state/clock.ts'
import { zone } from '../state/zone.ts'
import { isWithin } from './within.ts'

/** Whether it is night by the address's `dim`. */
export const isDimmed = signal(false)
export const isPointerHidden = signal(false)

const pointerRestMs = 4000
const versionMs = 60_000
/** A page that runs for months is reloaded each night at this hour. */
const freshHour = 4
const freshAfterMs = 20 * 3_600_000

/** Keeps the screen awake while the page is visible; returns the function that stops this. */
export function stayAwake(): () => void {
  const ended = new AbortController()
  let lock: Promise<WakeLockSentinel | null> | undefined
  const take = () => {
    // Refused over plain HTTP and by some systems: then the screen's own settings apply.
    if (!document.hidden) lock = navigator.wakeLock?.request('screen').catch(() => null)
  }
  document.addEventListener('visibilitychange', take, { signal: ended.signal })
  take()
  return () => {
    ended.abort()
    // One that is granted only now is released as well.
    void lock?.then((granted) => granted?.release())
  }
}

/** Hides the pointer while it rests; returns the function that stops this. */
export function hidePointer(): () => void {
  const ended = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const moved = () => {
    isPointerHidden.value = false
    clearTimeout(timer)
    timer = setTimeout(() => (isPointerHidden.value = true), pointerRestMs)
  }
  addEventListener('pointermove', moved, { signal: ended.signal })
  moved()
  return () => {
    clearTimeout(timer)
    ended.abort()
  }
}

/** Dims by the clock; returns the function that stops this. */
export function followNight(range: string): () => void {
  const look = () => (isDimmed.value = isWithin(range, wallTime(clockNow(), zone.value)))
  look()
  const timer = setInterval(look, 30_000)
  return () => clearInterval(timer)
}

/** Reloads the page when the server has another version; returns the function that stops this. */
export function followVersion(): () => void {
  const startedAt = Date.now()
  const own = scriptOf(document.documentElement.outerHTML)
  const timer = setInterval(() => void look(), versionMs)
  const look = async () => {
    const response = await fetch('/', { cache: 'no-store' }).catch(() => null)
    if (!response?.ok) return
    const served = scriptOf(await response.text())
    const isNight = wallTime(clockNow(), zone.value).hour === freshHour
    const isOld = isNight && Date.now() - startedAt > freshAfterMs
    if ((served !== '' && served !== own) || isOld) location.reload()
  }
  return () => clearInterval(timer)
}

/** The name of the page's main script, which contains a content hash. */
function scriptOf(html: string): string {
  return /\/assets\/[\w.-]+\.js/.exec(html)?.[0] ?? ''
}
