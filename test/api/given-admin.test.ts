/** The admin whose password a file holds, beside a user who is called the same. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import type { FastifyInstance } from 'fastify'

import { Passwords } from '../../api/access/passwords.ts'
import { openApiState } from '../../api/documents/state.ts'
import { scratchFolder } from '../processes.ts'
import { ours } from './access-under-test.ts'
import { appUnderTest } from './app-under-test.ts'

test('a password in a file does not make an admin of a user who was called so before', async (t) => {
  const data = await scratchFolder()
  const state = openApiState(data)
  const password = 'a long enough one'
  const viewer = { role: 'viewer', password: await new Passwords().hash(password) }
  await state.change({ collection: 'users', id: 'admin', body: viewer, revision: 0 })
  const passwordFile = join(data, 'password')
  await writeFile(passwordFile, 'another long one\n')
  const [stored, given] = await Promise.all(
    [{}, { WEIR_PASSWORD_FILE: passwordFile }].map((more) =>
      appUnderTest(t, { environment: { WEIR_AUTH: 'password', ...more }, options: { state } }),
    ),
  )
  const login = async (app: FastifyInstance, said: string) => {
    const payload = { user: 'admin', password: said }
    const made = await app.inject({ method: 'POST', url: '/api/login', headers: ours, payload })
    assert.equal(made.statusCode, 200, made.body)
    return { ...ours, cookie: `weir-session=${made.cookies[0]!.value}` }
  }
  const status = async (app: FastifyInstance, url: string, headers: object) =>
    (await app.inject({ url, headers: { ...headers } })).statusCode
  const hers = await login(stored!.app, password)
  assert.equal(await status(stored!.app, '/api/status', hers), 200)
  assert.equal(await status(given!.app, '/api/users', hers), 401)
  const his = await login(given!.app, 'another long one')
  assert.equal(await status(given!.app, '/api/users', his), 200)
  assert.equal(await status(stored!.app, '/api/status', his), 401)
  // Who changes a password shuts out whoever knew the old one.
  await writeFile(passwordFile, 'a third long one\n')
  assert.equal(await status(given!.app, '/api/users', his), 401)
  const again = await login(given!.app, 'a third long one')
  assert.equal(await status(given!.app, '/api/users', again), 200)
})
