/** How `npm run bench` presents the measurements. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { isMet, lineOf, type Figure } from './figure.ts'
import { figuresOf as loadFigures } from './parts/load.ts'
import { figuresOf as questionFigures } from './parts/questions.ts'
import type { ZeroLoss } from './zero-loss.ts'

const held = (
  receiver: string,
  millions: number,
  { buffer = '64MB', inTime = millions } = {},
): ZeroLoss => ({
  receiver,
  version: 'v5',
  buffer,
  flowsPerSecond: millions * 1e6,
  inTimePerSecond: inTime * 1e6,
  each: [millions * 1e6],
  cpuSecondsPerMillion: 0.7,
  steadySecondsPerMillion: 0.6,
  peakMiB: 300,
})

const told = (figures: readonly Figure[]) =>
  figures.map((figure) => lineOf(figure).replace(/ +/g, ' '))

test('Weir’s rate has its own target, and is compared with that of each other receiver', () => {
  const rows = [held('weir', 5, { inTime: 2.5 }), held('nfcapd, lz4', 5), held('nfacctd, print', 1), held('weir', 0.9, { buffer: '4MB' })] // prettier-ignore
  assert.deepEqual(told(loadFigures(rows)), [
    'no loss, everything on, 64MB, v5 5.00 M flows/s ≥ 2 met',
    'no loss, everything on, 64MB, v5 5.00 M flows/s 1.00 × nfcapd, lz4 (5.00) ≥ 1 × met',
    'no loss, everything on, 64MB, v5 5.00 M flows/s 5.00 × nfacctd, print (1.00) ≥ 5 × met',
    'no loss, everything on, 4MB, v5 0.900 M flows/s ≥ 1 SHORT',
    'done as it comes, everything on, 64MB, v5 2.50 M flows/s ≥ 2 met',
    'done as it comes, everything on, 64MB, v5 2.50 M flows/s 0.50 × nfcapd, lz4 (5.00) ≥ 1 × SHORT',
    'done as it comes, everything on, 64MB, v5 2.50 M flows/s 2.50 × nfacctd, print (1.00) ≥ 5 × SHORT',
    'done as it comes, everything on, 4MB, v5 0.900 M flows/s ≥ 1 SHORT',
    'processor, weir, 64MB, v5 0.600 CPU-s/M flows',
    'processor, nfcapd, lz4, 64MB, v5 0.600 CPU-s/M flows',
    'processor, nfacctd, print, 64MB, v5 0.600 CPU-s/M flows',
    'processor, weir, 4MB, v5 0.600 CPU-s/M flows',
  ])
})

test('receiving and decoding alone is compared with receivers that only store, and with those that only count', () => {
  const rows = [held('receive and decode', 8), held('nfcapd', 5), held('receive loop of many', 10)]
  const [kept, counted] = loadFigures(rows)
  assert.deepEqual([isMet(kept!), kept!.beside], [true, { name: 'nfcapd', value: 5 }])
  assert.deepEqual([isMet(counted!), counted!.asked], [true, { least: 0.6, ofBeside: true }])
})

test('a query’s target is a third of nfdump’s time if that is long, else fifty milliseconds', () => {
  const ms = { p50Ms: 60, p95Ms: 90, unreadMs: 80, firstMs: 100 }
  const answered = { name: 'top', ...ms, answers: '', cpuMs: 50 }
  const before = ['top, files not read before 80.0 ms', 'top, the first 100 ms']
  assert.deepEqual(told(questionFigures(answered, 301)), [
    'top 60.0 ms 0.20 × nfdump (301) ≤ 0.333 × met',
    ...before,
  ])
  assert.match(told(questionFigures(answered, 300))[0]!, /≤ 50 SHORT$/)
  assert.deepEqual(told(questionFigures(answered)), ['top 60.0 ms', ...before])
})
