/**
 * Many flows through a network that loses, delays and duplicates datagrams: the reported loss is the actual loss.
 */
import assert from 'node:assert/strict'

import { relay, type RelayOptions } from '../../encode/relay.ts'
import { seeded } from '../../random.ts'
import { receive, send, unitsOf, type Sent, type Version } from './streams.ts'

/** The most flows per datagram: an Ethernet frame holds some 30. */
const flowsMax = 30
const meanFlows = (1 + flowsMax) / 2

const reordered = { reordering: 0.05, reorderWithin: 32 }
const networks: readonly RelayOptions[] = [
  { loss: 0, duplicates: 0, ...reordered },
  { loss: 0.001, duplicates: 0.01, ...reordered },
  { loss: 0.01, duplicates: 0.01, ...reordered },
  { loss: 0.1, duplicates: 0.01, ...reordered },
]

interface LossFigures {
  version: Version
  loss: number
  flows: number
  datagrams: number
  /** In the unit counted by the version: flows, datagrams, data records. */
  lost: number
  reported: number
}

/** Numbers start so that they wrap in the middle of the stream. */
function sendWrapping(version: Version, flows: number, random: () => number): Sent[] {
  const datagrams = Math.ceil(flows / meanFlows)
  const units = version === 'v9' ? datagrams : flows
  return send(version, datagrams, random, { sequence: 2 ** 32 - Math.round(units / 2), flowsMax })
    .sent
}

/** One stream of this many flows through each network; fails unless every figure is exact. */
export function loseFlows(version: Version, flows: number, seed: number): LossFigures[] {
  const random = seeded(seed)
  const sent = sendWrapping(version, flows, random)
  return networks.map((network) => {
    const { arrived, lost, doubled } = relay(sent, random, network)
    const { status } = receive(arrived)
    const reported = version === 'v9' ? status.lost.datagrams : status.lost.flows
    const flowsOf = (datagrams: readonly Sent[]) => datagrams.reduce((sum, each) => sum + each.flows, 0) // prettier-ignore
    const which = `${version}, loss ${network.loss}, seed ${seed}`
    assert.equal(reported, unitsOf(lost), which)
    assert.equal(status.duplicates, doubled, which)
    assert.equal(status.flows, flowsOf(sent) - flowsOf(lost), which)
    assert.equal(status.restarts, 0, which)
    return {
      version,
      loss: network.loss,
      flows: flowsOf(sent),
      datagrams: sent.length,
      lost: unitsOf(lost),
      reported,
    }
  })
}

/** An exporter restarted this many times, each time numbering from 0 or 1: as many restarts, no loss. */
export function restartOften(version: Version, flows: number, seed: number): number {
  const random = seeded(seed)
  const times = 10
  const sent: Sent[] = []
  let exportMs: number | undefined
  for (let i = 0; i <= times; i++) {
    const run = send(version, Math.ceil(flows / times / meanFlows), random, {
      flowsMax,
      sequence: i % 2,
      uptimeMs: 5000 + i * 1000,
      ...(exportMs === undefined ? {} : { exportMs }),
    })
    sent.push(...run.sent)
    exportMs = run.exporter.exportMs + 20_000
  }
  const { status } = receive(sent)
  assert.deepEqual(
    [status.restarts, status.lost.datagrams, status.lost.flows, status.duplicates],
    [times, 0, 0, 0],
    `${version}, seed ${seed}`,
  )
  return status.restarts
}
