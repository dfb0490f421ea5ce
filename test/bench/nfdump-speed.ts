/** How long nfdump takes for the queries of archive-speed.ts, on the same flows in its own files. */
import { nfdump } from '../story/nfcapd.ts'
import { median } from './figure.ts'
import type { spans } from './nfdump-data.ts'

const times = 3

/** Which files to read, and the query. */
const questions: Record<string, [span: keyof typeof spans, args: string[]]> = {
  'top 10 hosts of 5 minutes': ['minutes', ['-s', 'ip/bytes', '-n', '10']],
  'top 10 hosts of an hour': ['hour', ['-s', 'ip/bytes', '-n', '10']],
  'top 10 hosts of a day': ['day', ['-s', 'ip/bytes', '-n', '10']],
  '24 h of dst port 443': ['day', ['-A', 'proto', 'dst port 443']],
  'a busy host': ['day', ['-A', 'proto', 'host 10.0.0.22']],
  'a rare host': ['day', ['-A', 'proto', 'host 10.0.30.7']],
}

/** The median time per query, ms; `folder` is one made by nfdump-data.ts. */
export async function nfdumpSpeed(folder: string): Promise<Record<string, number>> {
  const answered: Record<string, number> = {}
  for (const [name, [span, args]] of Object.entries(questions)) {
    const ms: number[] = []
    for (let time = 0; time < times; time++) {
      const started = performance.now()
      await nfdump(`${folder}/${span}`, args)
      ms.push(performance.now() - started)
    }
    answered[name] = Math.round(median(ms))
  }
  return answered
}
