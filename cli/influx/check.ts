/**
 * `weir influx check`: writes a point to the 5-minute bucket with this process's token and reads it
 * back, because InfluxDB can report itself healthy while writes hang. Exit 0 if the point came
 * back.
 */
import { intervalStart } from '../../flow/interval.ts'
import { bucketOf } from '../../store/influx/buckets.ts'
import { checkToken, checkVersion, Connection, tokenOf } from '../../store/influx/connection.ts'
import { InfluxFault } from '../../store/influx/fault.ts'
import { askFlux, Bindings } from '../../store/influx/flux.ts'
import { CommandError, type CommandInput } from '../command.ts'

/** A check that takes longer has failed. */
const timeoutMs = 5000

export async function influxCheck({ settings }: CommandInput): Promise<void> {
  const { influx, tiers } = settings
  await checkToken(influx)
  const connection = new Connection({ url: influx.url, token: tokenOf(influx), timeoutMs })
  const bucket = bucketOf(influx.prefix, tiers[0]!)
  // One point per interval, overwritten each time, so that checks do not fill the bucket.
  const time = intervalStart(Date.now())
  const written = String(Date.now())
  try {
    checkVersion(await connection.version())
    const query = new URLSearchParams({ org: influx.org, bucket, precision: 's' }).toString()
    await connection.request(`/api/v2/write?${query}`, {
      method: 'POST',
      body: `canary written=${written}i ${time / 1000}`,
    })
    const bound = new Bindings()
    const text = `from(bucket: ${bound.text(bucket)})
      |> range(start: ${bound.time(time)}, stop: ${bound.time(time + 1000)})
      |> filter(fn: (r) => r._measurement == "canary")`
    let found = ''
    const request = { org: influx.org, query: { text, variables: bound.variables } }
    await askFlux(connection, request, (values, columns) => {
      found = values[columns.get('_value')!]!
    })
    if (!(Number(found) >= Number(written)))
      throw new CommandError(`InfluxDB: what was written to ${bucket} cannot be read back`)
    console.log(`InfluxDB at ${influx.url} answers: ${bucket} can be written and read`)
  } catch (error) {
    if (error instanceof InfluxFault) throw new CommandError(`${error.message}; ${error.remedy}`)
    throw error
  }
}
