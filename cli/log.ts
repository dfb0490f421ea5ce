/** One log per process: JSON lines on stderr, so that stdout is free for answers. */
import { destination, pino, type Logger } from 'pino'

import type { Settings } from '../flow/settings.ts'

/** The log of a process, with its name in each line. */
export function createLog(settings: Settings, name: string): Logger {
  return pino({ name, level: settings.logLevel }, destination({ dest: 2, sync: true }))
}
