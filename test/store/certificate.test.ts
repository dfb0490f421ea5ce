/** Stores behind a certificate that Weir does not accept: what is told, and that its remedy works. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { runWeir, scratchFolder } from '../processes.ts'

/** A server whose certificate, signed by itself, is for localhost. */
async function serve(t: TestContext): Promise<{ port: number; certificate: string }> {
  const folder = await scratchFolder()
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const files = ['-keyout', key, '-out', certificate]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, ...subject], {
    stdio: 'ignore',
  })
  const server = createServer(
    { key: await readFile(key), cert: await readFile(certificate) },
    (_, response) => response.writeHead(401).end('{}'),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return { port: (server.address() as AddressInfo).port, certificate }
}

for (const [store, setting] of [
  ['influx', 'WEIR_INFLUX_URL'],
  ['clickhouse', 'WEIR_CLICKHOUSE_URL'],
] as const)
  test(`${store}: a certificate that is not accepted is told as such, and the remedy works`, async (t) => {
    const { port, certificate } = await serve(t)
    const doctor = async (host: string, more: Record<string, string> = {}) => {
      const { stdout } = await runWeir(['doctor'], {
        WEIR_DATA: await scratchFolder(),
        WEIR_STORE: store,
        WEIR_INFLUX_TOKEN: 'none',
        [setting]: `https://${host}:${port}`,
        ...more,
      })
      return stdout
    }
    const trusted = { NODE_EXTRA_CA_CERTS: certificate }
    assert.match(
      await doctor('localhost'),
      /its certificate is not accepted \(DEPTH_ZERO_SELF_SIGNED_CERT\)\n +→ set NODE_EXTRA_CA_CERTS /,
    )
    assert.match(
      await doctor('127.0.0.1', trusted),
      /its certificate is not accepted \(ERR_TLS_CERT_ALTNAME_INVALID\)\n +→ use a name in the URL/,
    )
    assert.doesNotMatch(await doctor('localhost', trusted), /certificate/)
  })
