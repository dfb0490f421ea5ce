/** An API with a login: its admin, a viewer, a wall, and two dashboards. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

import type { FastifyBaseLogger, FastifyInstance, LightMyRequestResponse } from 'fastify'

import { openApiState, type ApiState } from '../../api/documents/state.ts'
import type { TokenMade } from '../../api/schema/access.ts'
import { scratchFolder } from '../processes.ts'
import { appUnderTest, type Given } from './app-under-test.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

interface Asking {
  cookie?: string
  bearer?: string
  body?: object
  headers?: Record<string, string>
}

export const adminPassword = 'correct horse battery staple'
export const ours = { host: '127.0.0.1:8080', origin: 'http://127.0.0.1:8080' }

interface OpenOptions {
  now?: () => number
  log?: FastifyBaseLogger
  environment?: object
  /** The stored data. */
  given?: Omit<Given, 'environment' | 'options'>
}

/** An API with a login, its admin's password in a file, a viewer, and two dashboards. */
export class AccessUnderTest {
  readonly app: FastifyInstance
  readonly state: ApiState

  private constructor(app: FastifyInstance, state: ApiState) {
    this.app = app
    this.state = state
  }

  static async open(
    t: TestContext,
    { now = Date.now, log, environment = {}, given = {} }: OpenOptions = {},
  ): Promise<AccessUnderTest> {
    const data = await scratchFolder()
    const passwordFile = join(data, 'password')
    await writeFile(passwordFile, `${adminPassword}\n`)
    const state = openApiState(data, now)
    const { app } = await appUnderTest(t, {
      environment: { WEIR_AUTH: 'password', WEIR_PASSWORD_FILE: passwordFile, ...environment },
      ...given,
      options: { state, now, ...(log === undefined ? {} : { log }) },
    })
    const place = { column: 0, row: 0, columns: 12, rows: 4 }
    const query = { from: 'now-1h', to: 'now' }
    for (const id of ['mine', 'other'])
      await state.change({
        collection: 'dashboards',
        id,
        body: { title: id, panels: [{ kind: 'chart', place, query }], author: 'admin' },
      })
    return new AccessUnderTest(app, state)
  }

  async ask(method: Method, url: string, asking: Asking = {}): Promise<LightMyRequestResponse> {
    const { cookie, bearer, body, headers = ours } = asking
    return this.app.inject({
      method,
      url,
      headers: {
        ...headers,
        ...(cookie === undefined ? {} : { cookie }),
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      ...(body === undefined ? {} : { payload: body }),
    })
  }

  /** Logs in and returns the cookie. */
  async login(body: object, cookie?: string): Promise<string> {
    const asking = cookie === undefined ? { body } : { body, cookie }
    const response = await this.ask('POST', '/api/login', asking)
    assert.equal(response.statusCode, 200, response.body)
    const { name, value } = response.cookies[0]!
    return `${name}=${value}`
  }

  admin(): Promise<string> {
    return this.login({ user: 'admin', password: adminPassword })
  }

  async token(role: string, dashboard?: string): Promise<TokenMade> {
    const body = { name: role, role, ...(dashboard === undefined ? {} : { dashboard }) }
    const made = await this.ask('POST', '/api/tokens', { cookie: await this.admin(), body })
    assert.equal(made.statusCode, 201, made.body)
    return made.json()
  }

  async viewer(): Promise<string> {
    const body = { user: 'vera', role: 'viewer', password: 'a long enough one' }
    await this.ask('POST', '/api/users', { cookie: await this.admin(), body })
    return this.login({ user: 'vera', password: 'a long enough one' })
  }

  async wall(): Promise<string> {
    const { secret } = await this.token('wall', 'mine')
    return this.login({ token: secret })
  }
}
