/** Mornings, nights and Sundays, each with its expected incidents. */
import { cuts } from './mornings/cuts.ts'
import { floods } from './mornings/floods.ts'
import { harmless } from './mornings/harmless.ts'
import { oneHost } from './mornings/one-host.ts'
import { severalHosts } from './mornings/several-hosts.ts'
import type { Scenario } from './scenario.ts'

export const scenarios: readonly Scenario[] = [
  ...oneHost,
  ...severalHosts,
  ...cuts,
  ...floods,
  ...harmless,
]
