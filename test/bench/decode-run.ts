/**
 * Measures one version in a separate process, because loops compiled for one version only run
 * faster (see ingest/decode/steps/groups.ts): `node decode-run.ts v5|v9|ipfix [ROUNDS]` prints the
 * speeds as JSON.
 */
import { measureDecode, type MeasuredVersion } from './decode-speed.ts'

const [version = 'v5', rounds = '400'] = process.argv.slice(2)
console.log(JSON.stringify(measureDecode(version as MeasuredVersion, Number(rounds))))
