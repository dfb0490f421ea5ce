import assert from 'node:assert/strict'
import { test } from 'node:test'

import { troublesOf, type IngestState } from '../../../ingest/status/troubles.ts'

const now = 186_400

const well: IngestState = {
  publishing: null,
  forbidden: null,
  unjoined: null,
  judging: null,
  alerts: [{ id: 'a1', problem: null }],
  waiting: { datagrams: 9, seconds: 4 },
  // A day ago.
  overflowed: { datagrams: 3, at: 100_000 },
  decoderState: null,
  keeping: null,
  stalledSeconds: 1,
  unpublishedSeconds: 100,
  kernelDrops: { datagrams: 0, at: null, longestWriteMs: 9000 },
  failedSync: null,
  damaged: { bytes: 0, states: 0 },
  unjournalled: { datagrams: 0, lastError: 'ENOSPC' },
}

test('while all is well there is nothing to report', () => {
  assert.deepEqual(troublesOf(well, now), [])
})

for (const [state, what] of [
  [{ publishing: 'ENOSPC' }, /flows could not be published .*: ENOSPC$/],
  [{ forbidden: 'no permission' }, /^the archive is not sorted, .*: no permission$/],
  [{ unjoined: 'no memory' }, /^files of the series could not be joined: no memory$/],
  [{ judging: 'no memory' }, /^the search for incidents failed: no memory$/],
  [{ alerts: [...well.alerts, { id: 'a2', problem: 'gone' }] }, /^the alert a2 .*: gone$/],
  [
    { waiting: { datagrams: 9000, seconds: 12.4 } },
    /^9000 datagrams wait in the journal: .* 12 s behind/,
  ],
  [
    { overflowed: { datagrams: 3, at: 100_001 } },
    /^3 datagrams were dropped .*, the last at 1970-01-02T03:46:41Z$/,
  ],
  [{ stalledSeconds: 12.4 }, /^for 12 s the disk has not taken what was received/],
  [{ unpublishedSeconds: 301 }, /^no flows have been published for 301 s$/],
  [
    { kernelDrops: { datagrams: 7, at: 100_001, longestWriteMs: 400 } },
    /^7 datagrams were dropped by the kernel because its receive buffer was full, the last at /,
  ],
  [
    { kernelDrops: { datagrams: 7, at: 100_001, longestWriteMs: 41_234 } },
    /full, and the disk once took 41\.2 s for a write, the last at 1970-01-02T03:46:41Z$/,
  ],
  [
    { failedSync: { reason: 'EIO: i/o error, fdatasync', atMs: 100_001_000 } },
    /^the disk failed to keep a part of the journal: EIO: .*, the last at 1970-01-02T03:46:41Z$/,
  ],
  [{ keeping: 'ENOSPC' }, /^the list of exporters could not be saved: ENOSPC$/],
  [{ decoderState: 'EIO' }, /^the state of the decoder could not be saved: EIO$/],
  [
    { damaged: { bytes: 7, states: 0 } },
    /^7 bytes of the journal were damaged at the start, and their flows lost$/,
  ],
  [{ damaged: { bytes: 0, states: 1 } }, /^1 files of templates .* were damaged at the start$/],
  [
    { unjournalled: { datagrams: 5, lastError: null } },
    /^5 datagrams .* \(the disk is too slow\)$/,
  ],
] satisfies [Partial<IngestState>, RegExp][])
  test(`trouble with ${Object.keys(state)[0]!} is reported, with a remedy`, () => {
    const [trouble, ...others] = troublesOf({ ...well, ...state }, now)
    assert.match(trouble!.what, what)
    assert.notEqual(trouble!.remedy, '')
    assert.deepEqual(others, [])
  })
