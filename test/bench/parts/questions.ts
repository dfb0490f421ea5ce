/** Queries on ten million flows of a day over HTTP, beside nfdump on its own files of the same flows. */
import { skipWithout } from '../../setup/parts.ts'
import { archiveSpeed, type Answered } from '../archive-speed.ts'
import { figure, type Bound, type Figure } from '../figure.ts'
import { nfdumpSpeed } from '../nfdump-speed.ts'
import { madeDay, madeNfdump } from './made.ts'
import type { Part } from './part.ts'

/** Our query, and the nfdump query it is compared with. */
const compared: Record<string, string> = {
  'top 10 hosts of 5 minutes': 'top 10 hosts of 5 minutes',
  'top 10 hosts of an hour': 'top 10 hosts of an hour',
  'top 10 hosts of a day': 'top 10 hosts of a day',
  '24 h of dst port 443': '24 h of dst port 443',
  'a busy host, 24 h, its first 100 flows': 'a busy host',
  'a busy host, all days, series': 'a busy host',
  'a rare host, all days, series': 'a rare host',
}
/** The target: a third of nfdump's time if that is over `ms`; else this long. */
const slow = { ms: 300, share: 1 / 3, elseMs: 50 }

export const questions: Part = async ({ folder }) => {
  const { answered, peakMiB } = await archiveSpeed(await madeDay(folder), { days: 1, daysBefore: 0 }) // prettier-ignore
  const isAlone = skipWithout('nfcapd', 'nfdump') !== false
  const theirs = isAlone ? {} : await nfdumpSpeed(await madeNfdump(folder))
  return [
    ...answered.flatMap((each) => figuresOf(each, theirs[compared[each.name] ?? ''])),
    figure('API, most memory while it is asked', peakMiB, 'MiB'),
  ]
}

/** The median time of a query, the same while most files are read for the first time, and the first of its kind. */
export function figuresOf(answered: Answered, theirMs?: number): Figure[] {
  const { name, p50Ms, unreadMs, firstMs } = answered
  const then = figure(name, p50Ms, 'ms')
  const before = [
    figure(`${name}, files not read before`, unreadMs, 'ms'),
    figure(`${name}, the first`, firstMs, 'ms'),
  ]
  if (theirMs === undefined) return [then, ...before]
  const asked: Bound =
    theirMs > slow.ms ? { most: slow.share, ofBeside: true } : { most: slow.elseMs }
  return [{ ...then, beside: { name: 'nfdump', value: theirMs }, asked }, ...before]
}
