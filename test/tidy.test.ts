/** The house rules that neither compiler nor linter enforces. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

import { settingSpecs } from '../flow/settings/specs.ts'
import type { SettingSpec } from '../flow/settings/values.ts'

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' })
  .trim()
  .split('\n')
const code = files.filter(
  (file) => /^(flow|ingest|store|api|web|cli)\/.*\.tsx?$/.test(file) && !file.endsWith('.d.ts'),
)
const programs = files.filter((file) => /\.(tsx?|js)$/.test(file) && !file.endsWith('.d.ts'))
const documents = files.filter((file) => file.endsWith('.md'))
const scripts = (
  JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
).scripts

const blobBytesMax = 262_144
const linesMax = 320
/** Code is formatted at 100 columns; a comment has some more, so that a word need not move a paragraph. */
const commentColumnsMax = 120

/** A pattern banned from code, what to write instead, and where it is allowed. */
const banned: readonly [pattern: RegExp, instead: string, exceptIn?: RegExp][] = [
  [/\b(TODO|FIXME|XXX)\b/, 'finish it, or write an issue'],
  [/@ts-(ignore|expect-error)|oxlint-disable/, 'mend what the tool says'],
  [/\bas any[;,)\]]/, 'a type'],
  [/console\.(log|error|warn)/, 'the log, or an answer', /^cli\//],
  [/\bnew Function\b|\beval\(/, 'a table of steps'],
  [/BigInt\(|\d+n\b/, 'two 32-bit words on the hot path', /^(flow|store|api|cli)\/|capture\/read/],
  [/from '\.\.\/.*(utils|helpers|common)/, 'a name for what it is'],
]

test('code contains nothing that has a better form', () => {
  for (const file of code) {
    const text = readFileSync(file, 'utf8')
    for (const [pattern, instead, exceptIn] of banned) {
      if (exceptIn?.test(file)) continue
      const found = pattern.exec(text)?.[0]
      assert.equal(found, undefined, `${file}: "${found}": write ${instead}`)
    }
  }
})

test('files are short enough to be read', () => {
  for (const file of code) {
    const lines = readFileSync(file, 'utf8').split('\n').length
    assert.ok(lines <= linesMax, `${file} has ${lines} lines; ${linesMax} is the most`)
  }
})

test('comments are narrow enough to be read', () => {
  for (const file of programs)
    for (const line of readFileSync(file, 'utf8').split('\n'))
      if (/^\s*(\/\/|\/?\*)/.test(line))
        assert.ok(line.length <= commentColumnsMax, `${file}: wrap "${line.trim()}"`)
})

test('file names are kebab-case', () => {
  for (const file of code) assert.match(file, /^[a-z0-9/.-]+$/)
})

/** An import of a file; without names if it is loaded when needed. */
const imports = /(?:^import ([^'"]*?) from |\bimport\()'(\.[^']+)'/gm
const exports = /^export (?:async )?(?:function\*?|const|class|interface|type) ([\w$]+)/gm

test('what is exported is imported by another file', () => {
  const taken = new Set<string>()
  for (const file of programs) {
    const text = readFileSync(file, 'utf8')
    for (const [, names, path] of text.matchAll(imports)) {
      const isByName = names !== undefined && !names.startsWith('* as')
      for (const [name] of (isByName ? names : text).matchAll(/[\w$]+/g))
        taken.add(`${join(dirname(file), path!)} ${name}`)
    }
  }
  for (const file of programs)
    for (const [, name] of readFileSync(file, 'utf8').matchAll(exports))
      assert.ok(taken.has(`${file} ${name}`), `${file}: nobody imports ${name}`)
})

test('every command that a document names exists', () => {
  for (const document of documents)
    for (const [, name] of readFileSync(document, 'utf8').matchAll(/npm run ([a-z:]+)/g))
      assert.ok(Object.hasOwn(scripts, name!), `${document}: npm run ${name}`)
})

test('documents name settings that exist, with values that they take', () => {
  const specs = new Map<string, SettingSpec<unknown>>(Object.entries(settingSpecs))
  // The change log also says what is refused.
  for (const document of documents.filter((file) => file !== 'CHANGELOG.md'))
    for (const [, name, value] of readFileSync(document, 'utf8').matchAll(
      /WEIR_(?!COMPOSE_|TEST_)([A-Z_]+)=([^\s`"\\);…$]+)/g,
    )) {
      const parsed = specs.get(name!)?.parse(value!) ?? null
      assert.notEqual(parsed, null, `${document}: WEIR_${name}=${value}`)
    }
})

test('the README has every setting', () => {
  const text = readFileSync('README.md', 'utf8')
  for (const name of Object.keys(settingSpecs))
    assert.ok(text.includes(`\`WEIR_${name}\``), `README.md lacks WEIR_${name}`)
})

test('every file that a document links to exists', () => {
  for (const document of documents) {
    const folder = document.includes('/') ? document.replace(/\/[^/]*$/, '/') : ''
    for (const [, target] of readFileSync(document, 'utf8').matchAll(
      /\]\((?!https?:|#|mailto:)([^)#]+)/g,
    ))
      assert.doesNotThrow(() => statSync(folder + target!), `${document}: ${target}`)
  }
})

test('nothing large is in the repository except captures', () => {
  for (const file of files) {
    if (file.startsWith('test/captures/') || file === 'package-lock.json') continue
    const { size } = statSync(file)
    assert.ok(size <= blobBytesMax, `${file} has ${size} bytes`)
  }
})

test('no document or code names a machine or a registry', () => {
  for (const file of [...code, ...documents]) {
    const found = /registry\.npmjs|\/work\/|\/root\/|\.\.\/shared/.exec(
      readFileSync(file, 'utf8'),
    )?.[0]
    assert.equal(found, undefined, `${file}: ${found}`)
  }
})
