/** The page's code, of which a part is fetched when it is first needed. */
import { signal } from '@preact/signals'

import { retryMs } from '../client.ts'

/** A page whose files were replaced reloads itself, but not repeatedly, in ms. */
const reloadAgainMs = 30_000
const reloadedAt = 'reloaded-at'

/** Whether a part could not be fetched: Weir does not answer, or its files were replaced. */
export const codeFailed = signal(false)

/**
 * Fetches a part; null if that fails. Then the page is loaded anew once it is served, because the
 * files of a rebuilt page have other names, which only its new index has.
 */
export async function fetchCode<Part>(load: () => Promise<Part> | Part): Promise<Part | null> {
  try {
    const part = await load()
    codeFailed.value = false
    return part
  } catch {
    codeFailed.value = true
    void reload()
    return null
  }
}

async function reload(): Promise<void> {
  await untilServed()
  if (Date.now() - Number(sessionStorage.getItem(reloadedAt) ?? 0) <= reloadAgainMs) return
  sessionStorage.setItem(reloadedAt, String(Date.now()))
  location.reload()
}

/** Waits until the page is served: reloading earlier, the browser would have nothing to show. */
async function untilServed(): Promise<void> {
  const isServed = () =>
    fetch('/', { cache: 'no-store' }).then(
      ({ ok }) => ok,
      () => false,
    )
  while (!(await isServed())) await new Promise((resolve) => setTimeout(resolve, retryMs))
}
