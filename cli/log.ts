/** One log per process: JSON lines on stderr, so that stdout is free for answers. */
import { destination, pino, stdSerializers, type Logger } from 'pino'

import type { Settings } from '../flow/settings/settings.ts'

/** The log of a process, with its name in each line. */
export function createLog(settings: Settings, name: string): Logger {
  const serializers = { error: serializeError }
  return pino({ name, level: settings.logLevel, serializers }, destination({ dest: 2, sync: true }))
}

/** Of an operating failure the system's words say enough; where in the code it came up says nothing. */
function serializeError(error: unknown): unknown {
  const isOfSystem = error instanceof Error && 'syscall' in error
  return isOfSystem ? error.message : stdSerializers.err(error as Error)
}
