import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import fc from 'fast-check'

import { ColourSlots, mixed, otherColours, palettes } from '../../web/chart/colours.ts'

type Triple = [number, number, number]
type Matrix = [Triple, Triple, Triple]

/** Machado, Oliveira, Fernandes 2009, severity 1, on linear RGB. */
const sights: Record<string, Matrix> = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
} // prettier-ignore

const times = (m: Matrix, [x, y, z]: Triple): Triple =>
  m.map(([a, b, c]) => a * x + b * y + c * z) as Triple

function linear(hex: string): Triple {
  return [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }) as Triple
}

/** OKLab (Ottosson 2020). */
function oklab(rgb: Triple): Triple {
  const cone = times(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]],
    rgb.map((channel) => Math.min(1, Math.max(0, channel))) as Triple,
  ) // prettier-ignore
  return times(
    [[0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099], [0.0259040371, 0.7827717662, -0.808675766]],
    cone.map(Math.cbrt) as Triple,
  ) // prettier-ignore
}

function distance(a: string, b: string, sight: Matrix): number {
  const [x, y] = [a, b].map((colour) => oklab(times(sight, linear(colour))))
  return Math.hypot(...x!.map((value, i) => value - y![i]!))
}

describe('the palette', () => {
  for (const theme of ['dark', 'light'] as const)
    for (const [name, sight] of Object.entries(sights))
      test(`${theme}: any two colours, and the grey of other, are distinguishable with ${name}`, () => {
        const all = [...palettes[theme], otherColours[theme]]
        for (const [i, a] of all.entries())
          for (const b of all.slice(0, i))
            assert.ok(distance(a, b, sight) > 0.065, `${a} ${b}: ${distance(a, b, sight)}`)
      })
})

describe('the colours of keys', () => {
  const ids = fc.uniqueArray(fc.ipV4(), { minLength: 1, maxLength: palettes.dark.length })

  test('no two keys of a chart share one while there are enough', () => {
    fc.assert(
      fc.property(ids, (keys) => {
        assert.equal(new Set(new ColourSlots().assign(keys)).size, keys.length)
      }),
    )
  })
  test('a key keeps its colour when others come, go and change places', () => {
    fc.assert(
      fc.property(ids, (keys) => {
        const slots = new ColourSlots()
        const before = slots.assign(keys)
        const after = slots.assign([...keys].reverse())
        assert.deepEqual(after.reverse(), before)
        assert.equal(slots.assign([keys.at(-1)!])[0], before.at(-1))
      }),
    )
  })
  test('a key has one colour in all charts of a page and of its tabs, while there are enough', () => {
    const few = fc.uniqueArray(fc.ipV4(), { minLength: 2, maxLength: palettes.dark.length })
    fc.assert(
      fc.property(few, fc.array(fc.nat()), (keys, picks) => {
        let text = ''
        const memory = { read: () => text, write: (next: string) => void (text = next) }
        const tabs = [new ColourSlots(memory), new ColourSlots(memory)]
        const seen = new Map<string, number>()
        for (const [i, pick] of picks.entries()) {
          const shown = keys.filter((_, at) => (pick >> (at % 30)) % 2 === 0)
          tabs[i % 2]!.assign(shown).forEach((slot, at) => {
            assert.equal(seen.get(shown[at]!) ?? slot, slot)
            seen.set(shown[at]!, slot)
          })
        }
        assert.equal(new Set(seen.values()).size, seen.size)
        assert.ok(!keys.some((key) => text.includes(key)), 'no address is left behind')
      }),
    )
  })
  test('the greatest key of a fresh page has the same colour on every machine', () => {
    const first = (keys: string[]) => new ColourSlots().assign(keys)[0]
    for (const id of ['10.0.0.22', '10.0.0.23', 'tcp', 'udp', 'tcp/443'])
      assert.equal(first([id]), first([id, '10.0.0.24', '10.0.0.25']))
    assert.deepEqual(new ColourSlots().assign(['in', 'out']), [0, 1])
  })
  test('unreadable memory of another tab is ignored', () => {
    const slots = new ColourSlots({ read: () => 'x:y 1:99 2', write: () => undefined })
    assert.deepEqual(slots.assign(['in', 'out']), [0, 1])
  })
  test('more keys than colours still get one each', () => {
    const keys = Array.from({ length: 40 }, (_, i) => `10.0.0.${i}`)
    assert.ok(new ColourSlots().assign(keys).every((slot) => slot < palettes.dark.length))
  })
  test('a mixed colour lies in between', () => {
    assert.equal(mixed('#000000', '#ffffff', 0), '#000000')
    assert.equal(mixed('#000000', '#ffffff', 1), '#ffffff')
    assert.equal(mixed('#102030', '#304050', 0.5), '#203040')
  })
})
