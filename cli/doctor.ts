/** `weir doctor`: looks at everything that Weir needs, and says of each fault how to mend it. */
import type { CommandInput } from './command.ts'
import { health } from './health.ts'

export async function doctor({ settings, values }: CommandInput): Promise<void> {
  if (typeof values['health'] === 'string') return health(settings, values['health'])
}
