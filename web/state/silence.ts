/** Since when Weir has not answered anything that the page asks: said the same on the wall and at the desk. */
import { signal } from '@preact/signals'

/** unix ms; null while Weir answers. */
export const silentSince = signal<number | null>(null)

export function tellAnswered(): void {
  silentSince.value = null
}

/** Takes note of a request that failed: a refusal is an answer too, unless it is that of a proxy. */
export function tellFailed(
  { isPassing, code }: { isPassing: boolean; code: string },
  now: number,
): void {
  if (isPassing && code === '') tellSilent(now)
  else tellAnswered()
}

export function tellSilent(now: number): void {
  silentSince.value ??= now
}
