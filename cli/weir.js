#!/usr/bin/env node
// Plain JavaScript, so that it runs on any Node and can say what is missing.
import { existsSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { fileURLToPath } from 'node:url'

const major = Number(process.versions.node.split('.')[0])
const folder = fileURLToPath(new URL('..', import.meta.url))

if (!existsSync(`${folder}/node_modules/fastify`)) {
  console.error(`weir: its packages are not installed: run "npm ci" in ${folder}`)
  process.exit(1)
} else if (major < 24) {
  console.error(
    `weir: this is Node ${process.versions.node} and Weir needs 24: start it by "npm start" or ` +
      '"npx --no weir", which use the Node that "npm ci" brought along, or install Node 24',
  )
  process.exit(1)
} else {
  // What was compiled once, types taken out, is kept: half of a start. Threads and processes that
  // begin here know by the variable.
  const cache = `${folder}/node_modules/.cache/weir-compiled`
  nodeModule.enableCompileCache(process.env.NODE_COMPILE_CACHE ?? cache)
  process.env.NODE_COMPILE_CACHE ??= cache
  const [command, option, of, ...rest] = process.argv.slice(2)
  // What a container asks a few times a minute does without the rest of the command line.
  if (command === 'doctor' && option === '--health' && of && rest.length === 0) {
    const { healthAlone } = await import('./health.ts')
    await healthAlone(of, process.env)
  } else {
    const { main } = await import('./main.ts')
    await main(process.argv.slice(2))
  }
}
