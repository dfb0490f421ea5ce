/**
 * Tests all followed filters together: each once, however many trackers use it, and only on flows
 * with one of its signs. Each filter itself decides which flows match; property tests verify that
 * the result equals testing every filter on every flow.
 */
import {
  createFlowColumns,
  wordsPerRow,
  type ColumnName,
  type FlowColumns,
} from '../../flow/columns.ts'
import type { Filter } from '../../flow/filter.ts'
import { compilePredicate, type FlowPredicate } from '../../flow/filter/predicate.ts'
import { cheapest, columnsOf, coversOf, type Cover } from './cover.ts'
import { signTables, type SignTable } from './signs.ts'

/** Rows copied to be tested separately; if more are found, the whole batch is tested. */
const apartMax = 1024
/** If at most 1 row in this many was found, copying is faster than testing the whole batch. */
const apartShare = 8

interface Rule<Follower> {
  followers: Follower[]
  predicate: FlowPredicate
  columns: readonly ColumnName[]
  /** The covers by which its flows can be found, and the one in use; null if every flow is tested. */
  covers: readonly Cover[]
  cover: Cover | null
  /** Rows found since the last review. */
  foundCount: number
  /** Rows of the batch with one of its signs. */
  found: number[]
}

/** After this many flows, results are reviewed: a cover that finds too many is replaced by another. */
const reviewFlowsUsually = 16_384
/** This many times the estimate is too many. */
const worseTimes = 4

export class Rules<Follower> {
  readonly #all: readonly Rule<Follower>[]
  /** Tested on every flow. */
  #plain: readonly Rule<Follower>[] = []
  #tables: readonly SignTable<Rule<Follower>>[] = []
  readonly #touched: Rule<Follower>[] = []
  readonly #apart = createFlowColumns(apartMax)
  readonly #reviewFlows: number
  #passes = new Uint8Array(apartMax)
  #flowsSeen = 0

  /** Filters, each with its followers; null matches everything. */
  constructor(
    filters: Iterable<{ filter: Filter | null; followers: Follower[] }>,
    reviewFlows = reviewFlowsUsually,
  ) {
    this.#reviewFlows = reviewFlows
    this.#all = [...filters].map(({ filter, followers }) => {
      const covers = filter ? coversOf(filter) : []
      return {
        followers,
        predicate: compilePredicate(filter),
        columns: filter ? columnsOf(filter) : [],
        covers,
        cover: cheapest(covers),
        foundCount: 0,
        found: [],
      }
    })
    this.#build()
  }

  /** Calls back with each matching row, for each follower. */
  forEach(flows: FlowColumns, visit: (follower: Follower, i: number) => void): void {
    for (const rule of this.#plain) this.#lookAtAll(rule, flows, visit)
    this.#find(flows)
    for (const rule of this.#touched) {
      this.#lookAt(rule, flows, visit)
      rule.foundCount += rule.found.length
      rule.found.length = 0
    }
    this.#touched.length = 0
    this.#flowsSeen += flows.count
    if (this.#flowsSeen >= this.#reviewFlows) this.#review()
  }

  #build(): void {
    this.#plain = this.#all.filter(({ cover }) => cover === null)
    this.#tables = signTables(
      this.#all.flatMap((rule) => (rule.cover ? [{ rule, signs: rule.cover.signs }] : [])),
    )
  }

  /** A network that is rare elsewhere may be everywhere here. Shares only increase, so this ends. */
  #review(): void {
    let isChanged = false
    for (const rule of this.#all) {
      const { cover, covers, foundCount } = rule
      rule.foundCount = 0
      const share = foundCount / this.#flowsSeen
      if (!cover || share <= cover.share * worseTimes) continue
      cover.share = share
      rule.cover = cheapest(covers)
      isChanged ||= rule.cover !== cover
    }
    this.#flowsSeen = 0
    if (isChanged) this.#build()
  }

  /** Records for each rule the rows with one of its signs. */
  #find(flows: FlowColumns): void {
    const touched = this.#touched
    const note = (rules: readonly Rule<Follower>[], i: number) => {
      for (const rule of rules) {
        if (rule.found.length === 0) touched.push(rule)
        rule.found.push(i)
      }
    }
    for (const table of this.#tables) table.find(flows, note)
  }

  #lookAt(
    rule: Rule<Follower>,
    flows: FlowColumns,
    visit: (follower: Follower, i: number) => void,
  ): void {
    // Several tables may find the same row, each in ascending order.
    const found = once(rule.found)
    if (rule.cover?.isExact) {
      for (const i of found) for (const follower of rule.followers) visit(follower, i)
      return
    }
    if (found.length > apartMax || found.length * apartShare > flows.count + apartShare) {
      this.#lookAtAll(rule, flows, visit)
      return
    }
    for (const column of rule.columns) copyRows(this.#apart, flows, column, found)
    const passes = this.#passes
    if (rule.predicate.matches(this.#apart, found.length, passes) === 0) return
    for (const [at, i] of found.entries())
      if (passes[at] === 1) for (const follower of rule.followers) visit(follower, i)
  }

  #lookAtAll(
    { predicate, followers }: Rule<Follower>,
    flows: FlowColumns,
    visit: (follower: Follower, i: number) => void,
  ): void {
    const { count } = flows
    if (this.#passes.length < count) this.#passes = new Uint8Array(count)
    const passes = this.#passes
    if (predicate.matches(flows, count, passes) === 0) return
    for (let i = passes.indexOf(1); i >= 0 && i < count; i = passes.indexOf(1, i + 1))
      for (const follower of followers) visit(follower, i)
  }
}

/** Unique rows, ascending. */
function once(rows: number[]): number[] {
  let isAscending = true
  for (let at = 1; at < rows.length; at++) if (rows[at - 1]! >= rows[at]!) isAscending = false
  return isAscending ? rows : [...new Set(rows)].sort((a, b) => a - b)
}

function copyRows(
  target: FlowColumns,
  source: FlowColumns,
  column: ColumnName,
  rows: readonly number[],
): void {
  const [to, from] = [target[column], source[column]]
  if (wordsPerRow(column) === 1) for (let at = 0; at < rows.length; at++) to[at] = from[rows[at]!]!
  else
    for (let at = 0; at < rows.length; at++) {
      to[2 * at] = from[2 * rows[at]!]!
      to[2 * at + 1] = from[2 * rows[at]! + 1]!
    }
}
