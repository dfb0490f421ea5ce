/** Interfaces by SNMP, from a real agent: v2c and v3 with authentication and encryption. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { InterfaceNames, readSnmpFile, SnmpFileError } from '../../api/names/snmp.ts'
import { scratchFolder } from '../processes.ts'

/** The part of the package's agent that the test uses. */
interface Agent {
  createAgent(
    options: object,
    onError: (error: Error | null) => void,
  ): {
    getAuthorizer(): { addCommunity(text: string): void; addUser(user: object): void }
    registerProvider(provider: object): void
    getMib(): { addTableRow(name: string, row: unknown[]): void }
    close(): void
  }
  MibProviderType: { Table: number }
  ObjectType: { OctetString: number; Gauge32: number; Integer: number }
  MaxAccess: Record<string, number>
  SecurityLevel: { authPriv: number }
  AuthProtocols: Record<string, string>
  PrivProtocols: Record<string, string>
}

const snmp = createRequire(import.meta.url)('net-snmp') as Agent

async function agent(t: TestContext, address = '127.0.0.1'): Promise<number> {
  const transport = address.includes(':') ? 'udp6' : 'udp4'
  const socket = createSocket(transport).bind(0, address)
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  const made = snmp.createAgent({ port, address, transport }, () => undefined)
  t.after(() => made.close())
  made.getAuthorizer().addCommunity('secret')
  made.getAuthorizer().addUser({
    name: 'weir',
    level: snmp.SecurityLevel.authPriv,
    authProtocol: snmp.AuthProtocols['sha256'],
    authKey: 'a-long-secret',
    privProtocol: snmp.PrivProtocols['aes'],
    privKey: 'another-secret',
  })
  const { OctetString, Gauge32, Integer } = snmp.ObjectType
  const readable = { maxAccess: snmp.MaxAccess['read-only'] }
  made.registerProvider({
    name: 'ifXTable',
    type: snmp.MibProviderType.Table,
    oid: '1.3.6.1.2.1.31.1.1.1',
    ...readable,
    tableColumns: [
      { number: 1, name: 'ifName', type: OctetString, ...readable },
      { number: 15, name: 'ifHighSpeed', type: Gauge32, ...readable },
      { number: 18, name: 'ifAlias', type: OctetString, ...readable },
      { number: 100, name: 'index', type: Integer, ...readable },
    ],
    tableIndex: [{ columnName: 'index' }],
  })
  made.getMib().addTableRow('ifXTable', ['ge-0/0/1', 1000, 'uplink\u0007 <b>', 1])
  made.getMib().addTableRow('ifXTable', ['ge-0/0/7', 10_000, '', 7])
  return port
}

test('interfaces have the agent’s names, descriptions and speeds', async (t) => {
  const port = await agent(t)
  const path = join(await scratchFolder(), 'snmp.yaml')
  const v3 = 'user: weir, authProtocol: sha256, authKey: a-long-secret, privProtocol: aes, privKey: another-secret' // prettier-ignore
  for (const access of [`community: secret`, v3]) {
    await writeFile(path, `exporters: { 127.0.0.1: { ${access}, port: ${port} } }`)
    const names = new InterfaceNames(await readSnmpFile(path), Date.now)
    await names.wake(['127.0.0.1', '10.9.9.9'])
    assert.deepEqual([...names.problems], [])
    assert.deepEqual(names.of('127.0.0.1', 1), {
      index: 1,
      name: 'ge-0/0/1',
      alias: 'uplink <b>',
      speed: 1e9,
    })
    assert.equal(names.of('127.0.0.1', 7)?.alias, null)
    assert.equal(names.of('10.9.9.9', 1), null)
    assert.deepEqual(
      names.all('127.0.0.1').map(({ name }) => name),
      ['ge-0/0/1', 'ge-0/0/7'],
    )
  }
})

test('an exporter with an IPv6 address is asked too', async (t) => {
  const port = await agent(t, '::1')
  const path = join(await scratchFolder(), 'snmp.yaml')
  await writeFile(path, `exporters: { "*": { community: secret, port: ${port} } }`)
  const names = new InterfaceNames(await readSnmpFile(path), Date.now)
  await names.wake(['::1'])
  assert.deepEqual([...names.problems], [])
  assert.equal(names.of('::1', 7)?.name, 'ge-0/0/7')
})

test('a wrong secret is a problem, and an unusable file is refused', async (t) => {
  const port = await agent(t)
  const path = join(await scratchFolder(), 'snmp.yaml')
  await writeFile(path, `exporters: { "*": { user: weir, authProtocol: sha256, authKey: wrong-secret, port: ${port} } }`) // prettier-ignore
  const names = new InterfaceNames(await readSnmpFile(path), Date.now)
  await names.wake(['127.0.0.1'])
  assert.equal(names.problems.size, 1)
  for (const text of [
    'exporters: { 10.0.0.1: { authProtocol: rot13, user: x } }',
    'exporters: { 10.0.0.1: }',
    'exporters: [',
    'exporters: 10.0.0.1',
    '',
  ]) {
    await writeFile(path, text)
    await assert.rejects(readSnmpFile(path), SnmpFileError, text)
  }
  await assert.rejects(readSnmpFile(`${path}.none`), SnmpFileError)
})
