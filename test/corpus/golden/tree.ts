/** Nested JSON objects. */
export type Tree = { [key: string]: unknown }

export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The leaves of a tree by key, in order, at any depth. */
export function leavesOf(tree: Tree, into = new Map<string, unknown[]>()): Map<string, unknown[]> {
  for (const [key, value] of Object.entries(tree))
    for (const child of [value].flat())
      if (isTree(child)) leavesOf(child, into)
      else into.set(key, [...(into.get(key) ?? []), child])
  return into
}
