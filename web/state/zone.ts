/** The time zone of every time on the page: the address's, else the server's setting, else the browser's. */
import { computed, signal } from '@preact/signals'

import { isZone } from '../../flow/zone.ts'
import { view } from './view.ts'

export const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone

/** The zone in the server's settings; empty for the browser's. */
export const serverZone = signal('')

export const zone = computed(() => view.value.tz || serverZone.value || browserZone)

/** Takes the zone from the server's settings, if set. */
export function takeServerZone(name: string): void {
  serverZone.value = name !== 'browser' && isZone(name) ? name : ''
}
