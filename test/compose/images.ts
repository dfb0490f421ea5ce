/**
 * Stand-ins for the images named in the Dockerfile and the Compose files, built from Debian, this
 * Node and a local influxd: they test our own part, not the official images.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, copyFile, cp, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { debianRoot } from '../setup/engine.ts'
import { influxdPath } from '../setup/influxd.ts'
import type { Engine } from './engine.ts'

const debian = 'debian:bookworm-slim'
const node = 'node:24-bookworm-slim'
const influxdb = 'influxdb:2.9'
const certificates = '/etc/ssl/certs/ca-certificates.crt'

/** Builds the missing images. */
export async function provideImages(engine: Engine): Promise<void> {
  if (!(await has(engine, debian)))
    await engine.docker(['import', '--change', 'CMD ["bash"]', debianRoot, debian])
  if (!(await has(engine, node))) await build(engine, node, nodeContext)
  if (!(await has(engine, influxdb))) await build(engine, influxdb, influxContext)
}

async function has(engine: Engine, image: string): Promise<boolean> {
  return engine.docker(['image', 'inspect', image]).then(
    () => true,
    () => false,
  )
}

async function build(
  engine: Engine,
  image: string,
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-image-'))
  try {
    await fill(folder)
    // The classic builder: the other one needs a separate plugin.
    await engine.docker(['build', '-q', '-t', image, folder], { DOCKER_BUILDKIT: '0' })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Node and npm as they run here, with the user and the entry point of the official image. */
async function nodeContext(folder: string): Promise<void> {
  const npm = await realpath(process.env['npm_execpath'] ?? which('npm'))
  const registry = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim()
  await copyFile(process.execPath, join(folder, 'node'))
  await cp(dirname(dirname(npm)), join(folder, 'npm'), { recursive: true, dereference: true })
  // A certificate for a private package proxy is among the host's.
  await (existsSync(certificates)
    ? copyFile(certificates, join(folder, 'certificates.crt'))
    : writeFile(join(folder, 'certificates.crt'), ''))
  await writeFile(
    join(folder, 'npmrc'),
    `registry=${registry}\ncafile=/usr/local/etc/certificates.crt\nupdate-notifier=false\n`,
  )
  await writeFile(
    join(folder, 'docker-entrypoint.sh'),
    `#!/bin/sh
if [ "\${1#-}" != "$1" ] || ! command -v "$1" >/dev/null; then set -- node "$@"; fi
exec "$@"
`,
  )
  await writeFile(
    join(folder, 'Dockerfile'),
    `FROM ${debian}
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
COPY certificates.crt npmrc /usr/local/etc/
COPY npm /usr/local/lib/node_modules/npm
COPY node docker-entrypoint.sh /usr/local/bin/
RUN chmod 755 /usr/local/bin/node /usr/local/bin/docker-entrypoint.sh \\
 && ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \\
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \\
 && node --version && npm --version
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node"]
`,
  )
}

function which(command: string): string {
  return execFileSync('which', [command], { encoding: 'utf8' }).trim()
}

/** influxd with the official image's user, folders, port and tools; its entry point only starts it. */
async function influxContext(folder: string): Promise<void> {
  const influxd = influxdPath()
  if (influxd === null) throw new Error('no influxd is here: run node test/setup/influxd.ts')
  await copyFile(influxd, join(folder, 'influxd'))
  await writeFile(
    join(folder, 'influx'),
    '#!/bin/sh\n[ "$1" = ping ] && curl -fsS -o /dev/null http://localhost:8086/ping && echo OK\n',
  )
  await writeFile(
    join(folder, 'entrypoint.sh'),
    `#!/bin/bash
[ "$1" = influxd ] && shift
exec influxd --bolt-path /var/lib/influxdb2/influxd.bolt --engine-path /var/lib/influxdb2/engine "$@"
`,
  )
  for (const name of ['influxd', 'influx', 'entrypoint.sh']) await chmod(join(folder, name), 0o755)
  await writeFile(
    join(folder, 'Dockerfile'),
    `FROM ${debian}
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl
RUN groupadd -r influxdb --gid=1000 && useradd -r -g influxdb --uid=1000 --create-home influxdb
COPY influxd influx /usr/local/bin/
COPY entrypoint.sh /entrypoint.sh
RUN install -d -o influxdb -g influxdb /var/lib/influxdb2 /etc/influxdb2
VOLUME ["/var/lib/influxdb2", "/etc/influxdb2"]
EXPOSE 8086
ENTRYPOINT ["/entrypoint.sh"]
CMD ["influxd"]
`,
  )
}
