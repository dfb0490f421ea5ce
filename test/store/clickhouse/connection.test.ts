/** Requests to several nodes of ClickHouse, of which some are away: here servers that give a fixed answer. */
import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { Connection } from '../../../store/clickhouse/connection.ts'
import { StoreFault } from '../../../store/spool/fault.ts'
import { scratchFolder } from '../../processes.ts'

/** The address of a server that answers every request so; with null, of one that is gone. */
async function serve(t: TestContext, answer: ((response: ServerResponse) => void) | null) {
  const server = createServer((request, response) => {
    request.resume()
    answer?.(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = () => new Promise((resolve) => server.close(resolve))
  if (answer) t.after(close)
  else await close()
  return `http://127.0.0.1:${port}`
}

function connect(
  t: TestContext,
  urls: readonly string[],
  passwordFile: string | null = null,
): Connection {
  const settings = {
    urls,
    database: 'weir',
    cluster: null,
    user: 'default',
    passwordFile,
    writer: 'one',
    spoolMaxBytes: 0,
  }
  const connection = new Connection({ settings, timeoutMs: 5000 })
  t.after(() => connection.close())
  return connection
}

function answerOne(response: ServerResponse): void {
  const answer = { meta: [{ name: 'one', type: 'UInt8' }], data: { one: [1] } }
  response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
}

test('the first node is away: of requests at the same time, each is answered by the next', async (t) => {
  const connection = connect(t, [await serve(t, null), await serve(t, answerOne)])
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => connection.read({ sql: 'SELECT 1 AS one' })),
  )
  assert.deepEqual(
    answers.map((answer) => answer.numbers('one')),
    [[1], [1], [1], [1]],
  )
})

test('a node that dies in the middle of an answer is away, and what it sent is taken once', async (t) => {
  let answered = 0
  const die = (response: ServerResponse) => {
    answered++
    response.setHeader('content-length', 1000)
    response.write('part', () => setTimeout(() => response.destroy(), 50))
  }
  const connection = connect(t, [await serve(t, die), await serve(t, die)])
  const taken: string[] = []
  const work = connection.stream({ sql: 'SELECT 1 FORMAT RowBinary' }, (chunk) => {
    taken.push(chunk.toString())
  })
  await assert.rejects(
    work,
    (error) => error instanceof StoreFault && error.kind === 'away' && error.statusCode === 503,
  )
  assert.deepEqual({ taken, answered }, { taken: ['part'], answered: 1 })
})

test('what throws while it takes an answer ends the request, and is thrown as it is', async (t) => {
  const connection = connect(t, [await serve(t, answerOne)])
  const thrown = new Error('enough')
  const work = connection.stream({ sql: 'SELECT 1 FORMAT RowBinary' }, () => {
    throw thrown
  })
  await assert.rejects(work, (error) => error === thrown)
})

test('a changed password takes effect without a restart; one that cannot be read is not said to be ClickHouse’s silence', async (t) => {
  const passwordFile = join(await scratchFolder(), 'password')
  const authorized: string[] = []
  const url = await serve(t, (response) => {
    const [, text = ''] = response.req.headers.authorization?.split(' ') ?? []
    authorized.push(Buffer.from(text, 'base64').toString())
    answerOne(response)
  })
  const connection = connect(t, [url], passwordFile)
  const ask = () => connection.read({ sql: 'SELECT 1 AS one' })
  for (const password of ['first', 'second']) {
    await writeFile(passwordFile, `${password}\n`)
    await ask()
  }
  assert.deepEqual(authorized, ['default:first', 'default:second'])
  await rm(passwordFile)
  await assert.rejects(ask(), (error) => {
    assert.ok(error instanceof StoreFault)
    assert.match(error.message, /password cannot be read: ENOENT/)
    assert.match(error.remedy, /WEIR_CLICKHOUSE_PASSWORD_FILE/)
    return true
  })
})
