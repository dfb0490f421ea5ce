/**
 * The live stream of a running ingest: the last seconds add up, late flows correct them, and it
 * ends when it should.
 */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import fc from 'fast-check'
import { pino } from 'pino'

import type { ApiState } from '../../api/documents/state.ts'
import { LiveStreams } from '../../api/live.ts'
import { runApi } from '../../api/main.ts'
import type { LiveRing as Ring, LiveSecond, LiveTick } from '../../api/schema/live.ts'
import { createFlowColumns } from '../../flow/columns.ts'
import { NetworkSet, parseNetwork } from '../../flow/address.ts'
import { countWithin } from '../../flow/spread.ts'
import { LiveRing, liveSeconds } from '../../ingest/live/ring.ts'
import { encodeV5, testUptimeMs } from '../encode/fixed.ts'
import { RunningIngest, scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'
import { until } from '../until.ts'

interface Event {
  name: string
  data: unknown
}

/** Reads events of a stream until `enough` says so or the stream ends. */
async function read(
  response: Response,
  enough: (events: readonly Event[]) => boolean,
): Promise<Event[]> {
  const events: Event[] = []
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const [, name] = /^event: (\w+)$/m.exec(block) ?? []
      const [, data] = /^data: (.*)$/m.exec(block) ?? []
      if (name) events.push({ name, data: JSON.parse(data ?? 'null') })
    }
    if (enough(events)) break
  }
  return events
}

function bytesOf(events: readonly Event[]): number {
  const seconds = new Map<number, LiveSecond['sums']>()
  for (const { data } of events)
    for (const { time, sums } of (data as Partial<Ring & LiveTick>).seconds ?? [])
      seconds.set(time, sums)
  return [...seconds.values()]
    .flatMap((sums) => Object.values(sums))
    .reduce((sum, [bytes]) => sum + bytes, 0)
}

test('a flow is in the stream within seconds, spread over its duration', async (t) => {
  const data = await scratchFolder()
  const ingest = await RunningIngest.start(data)
  const settings = readSettings({ WEIR_DATA: data, WEIR_HTTP: '127.0.0.1:0' })
  const api = await runApi(settings, pino({ level: 'error' }))
  t.after(() => ingest.stop())
  const response = await fetch(`${api.url}/api/live`)
  assert.equal(response.headers.get('content-type'), 'text/event-stream')
  assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/)
  const socket = createSocket('udp4')
  const flow = { first: testUptimeMs - 30_000, last: testUptimeMs - 10_000, octets: 123_457 }
  const exportMs = Date.now()
  const datagram = encodeV5({ sequence: 0, exportMs }, [flow])
  await new Promise((resolve) => socket.send(datagram, ingest.port, '127.0.0.1', resolve))
  socket.close()
  const events = await read(response, (seen) => bytesOf(seen) === flow.octets)
  assert.deepEqual(
    events.slice(0, 2).map(({ name }) => name),
    ['hello', 'ring'],
  )
  const tick = events.at(-1)!.data as LiveTick
  assert.equal(tick.isIngestRunning, true)
  assert.ok(tick.receivedAt !== null && tick.now - tick.receivedAt < 10)
  // Another page, at ten seconds, gets the same from the beginning.
  const late = await fetch(`${api.url}/api/live?step=10`)
  const ring = (await read(late, (seen) => seen.some(({ name }) => name === 'ring'))).find(
    ({ name }) => name === 'ring',
  )!
  assert.equal(bytesOf([ring]), flow.octets)
  assert.ok((ring.data as Ring).seconds.every(({ time }) => time % 10 === 0))
  // The end of the server is announced, so that pages can tell it from a broken connection.
  const waiting = await fetch(`${api.url}/api/live`)
  const isOpen = Promise.withResolvers<void>()
  const ended = read(waiting, (seen) => {
    if (seen.some(({ name }) => name === 'tick')) isOpen.resolve()
    return seen.some(({ name }) => name === 'bye')
  })
  await isOpen.promise
  await api.close()
  assert.equal((await ended).at(-1)?.name, 'bye')
})

test('without a log-in there is no stream', async (t) => {
  const data = await scratchFolder()
  const file = join(data, 'password')
  await writeFile(file, 'correct horse battery')
  const settings = readSettings({
    WEIR_DATA: data,
    WEIR_HTTP: '127.0.0.1:0',
    WEIR_AUTH: 'password',
    WEIR_PASSWORD_FILE: file,
  })
  const api = await runApi(settings, pino({ level: 'error' }))
  t.after(() => api.close())
  assert.equal((await fetch(`${api.url}/api/live`)).status, 401)
})

test('the ring keeps its seconds, forgets old ones, and sends only changes', () => {
  const local = new NetworkSet([parseNetwork('10.0.0.0/8')!])
  const ring = new LiveRing(local)
  const flows = createFlowColumns(8)
  const row = (i: number, at: number, octets: number) => {
    flows.collectionTimeMilliseconds[i] = at
    flows.flowStartMilliseconds[i] = at - 2500
    flows.flowEndMilliseconds[i] = at
    flows.octetDeltaCount[i] = octets
    flows.packetDeltaCount[i] = 3
    flows.samplingInterval[i] = 1
  }
  const start = 1_794_828_000_000
  row(0, start, 1001)
  flows.count = 1
  ring.add(flows)
  const first = ring.changes(0)
  const bytes = (seconds: readonly number[][]) =>
    seconds.reduce((sum, [, ...sums]) => sum + (sums[9] ?? 0), 0)
  assert.equal(bytes(first.seconds), 1001)
  assert.equal(first.seconds.length, 3)
  assert.deepEqual(ring.changes(first.version).seconds, [])
  row(0, start + liveSeconds * 1000 + 5000, 77)
  ring.add(flows)
  assert.equal(bytes(ring.changes(0).seconds), 77)
  // The clock was an hour ahead, and is set right.
  row(0, start - 3_600_000, 5)
  ring.add(flows)
  assert.equal(bytes(ring.changes(0).seconds), 5)
  assert.equal(ring.changes(0).receivedMs, start - 3_600_000)
})

test('each second has the share of each flow that spreading gives', () => {
  const flow = fc.record({
    first: fc.integer({ min: -1_000_000, max: 0 }),
    wanted: fc.integer({ min: -10, max: 200_000 }),
    octets: fc.oneof(fc.nat(5000), fc.integer({ min: 0, max: 2 ** 45 })),
    packets: fc.nat(100),
    rate: fc.integer({ min: 1, max: 3 }),
  })
  fc.assert(
    fc.property(fc.array(flow, { minLength: 1, maxLength: 20 }), (made) => {
      const now = 1_794_819_600_000
      const flows = createFlowColumns(made.length)
      const bySecond = new Map<number, number[]>()
      for (const [i, { first, wanted, octets, packets, rate }] of made.entries()) {
        // A flow that ends later than now takes the slots of the oldest seconds.
        const life = Math.min(wanted, -first)
        flows.collectionTimeMilliseconds[i] = now
        flows.flowStartMilliseconds[i] = now + first
        flows.flowEndMilliseconds[i] = now + first + life
        flows.octetDeltaCount[i] = octets
        flows.packetDeltaCount[i] = packets
        flows.samplingInterval[i] = rate
        const span = { first: now + first, last: now + first + Math.max(0, life) }
        const begin = Math.floor(span.first / 1000)
        const oldest = now / 1000 - liveSeconds + 1
        const last = Math.max(begin, Math.floor((span.last - 1) / 1000))
        for (let second = Math.max(begin, oldest); second <= last; second++) {
          const sums = bySecond.get(second) ?? [0, 0, 0]
          const [from, to] = [second * 1000, second * 1000 + 1000]
          sums[0]! += countWithin(octets * rate, span, from, to)
          sums[1]! += countWithin(packets * rate, span, from, to)
          if (second === begin) sums[2]! += 1
          bySecond.set(second, sums)
        }
      }
      flows.count = made.length
      const ring = new LiveRing(new NetworkSet([]))
      ring.add(flows)
      // Without local networks everything is transit, the last of the directions.
      const told = ring.changes(0).seconds.map(([second, ...sums]) => [second!, sums.slice(-3)])
      assert.deepEqual(new Map(told as [number, number[]][]), bySecond)
    }),
  )
})

test('while user data cannot be read, and when the clock is set back, seconds go on, and a change is announced afterwards', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let isAway = false
  let changedAt = 1
  let now = 1_794_828_000_000
  const list = async () => {
    if (isAway) throw new Error('away')
    return [{ changedAt }]
  }
  const state = { list } as unknown as ApiState
  const data = await scratchFolder()
  const live = new LiveStreams({ data, state, version: '0', now: () => now })
  const output = live.open({ step: 1, sendsTraffic: true, isAllowed: async () => true })!
  t.after(() => live.close())
  let text = ''
  output.setEncoding('utf8').on('data', (part: string) => (text += part))
  const count = (name: string) => text.split(`event: ${name}\n`).length - 1
  /** Lets a second pass, after which there is a tick more. */
  const pass = async (byMs = 1000) => {
    const before = count('tick')
    now += byMs
    t.mock.timers.tick(1000)
    await until(() => count('tick') === before + 1)
  }
  await until(() => count('tick') === 1)
  await pass()
  isAway = true
  changedAt = 2
  await pass()
  assert.equal(count('changed'), 0)
  isAway = false
  await pass()
  assert.equal(count('changed'), 4)
  await pass(-3_600_000)
  await pass()
})

/** Streams beside an ingest that `answer` stands for. */
async function streamsBeside(
  t: TestContext,
  answer: (response: ServerResponse, after: number) => void,
  now: () => number = Date.now,
): Promise<() => { seconds: () => readonly LiveSecond[] | null; close: () => Promise<unknown> }> {
  const data = await scratchFolder()
  await mkdir(join(data, 'run'))
  const server = createServer(({ url }, response) =>
    answer(response, Number(new URL(url!, 'http://ingest').searchParams.get('after'))),
  ).listen(join(data, 'run', 'ingest.sock'))
  const state = { list: async () => [] } as unknown as ApiState
  const live = new LiveStreams({ data, state, version: '0', now })
  t.after(() => {
    live.close()
    server.close()
    server.closeAllConnections()
  })
  return () => {
    const output = live.open({ step: 1, sendsTraffic: true, isAllowed: async () => true })!
    let text = ''
    output.setEncoding('utf8').on('data', (part: string) => (text += part))
    const seconds = () => {
      const [, ring] = [...text.matchAll(/^event: ring\ndata: (.*)$/gm)].at(-1) ?? []
      return ring === undefined ? null : (JSON.parse(ring) as Ring).seconds
    }
    return { seconds, close: () => once(output.destroy(), 'close') }
  }
}

function changesOf(version: number, second: number): string {
  return JSON.stringify({ version, receivedMs: second * 1000, seconds: [[second, 1, 1, 1]] })
}

test('pages opened while ingest is slow to answer share its answer', async (t) => {
  const waiting: ServerResponse[] = []
  let isSlow = true
  let asked = 0
  const open = await streamsBeside(t, (response) => {
    asked++
    if (isSlow) waiting.push(response)
    else response.end(changesOf(1, 100))
  })
  const pages = [open(), open(), open()]
  await until(() => waiting.length > 0)
  isSlow = false
  waiting[0]!.end(changesOf(1, 100))
  await until(() => pages.every(({ seconds }) => seconds() !== null))
  assert.equal(asked, 1)
})

test('a page opened after ingest was started again gets all of its seconds', async (t) => {
  let ring = { version: 500, second: 100 }
  const open = await streamsBeside(t, (response, after) => {
    const { version, second } = ring
    response.end(
      after < version ? changesOf(version, second) : JSON.stringify({ version, seconds: [] }),
    )
  })
  const before = open()
  await until(() => before.seconds() !== null)
  await before.close()
  // Nobody asks meanwhile, and the new ingest counts its versions from the start.
  ring = { version: 3, second: 200 }
  const page = open()
  await until(() => page.seconds() !== null)
  assert.deepEqual(
    page.seconds()!.map(({ time }) => time),
    [200],
  )
})

test('when the clock is set back, a page is told to forget what lies ahead', async (t) => {
  let now = 1_794_828_000
  let hasFlows = true
  const open = await streamsBeside(
    t,
    (response, after) =>
      response.end(
        hasFlows ? changesOf(after + 1, now) : JSON.stringify({ version: after, seconds: [] }),
      ),
    () => now * 1000,
  )
  const page = open()
  const times = () => page.seconds()?.map(({ time }) => time)
  await until(() => times()?.[0] === now)
  // Until a flow comes in, ingest itself does not notice.
  hasFlows = false
  now -= 3600
  await until(() => times()?.length === 0)
  hasFlows = true
  const late = open()
  await until(() => late.seconds()?.[0]?.time === now)
  assert.equal(late.seconds()!.length, 1)
})
