/** A module and those that must come before it. */
export interface DependencyNode {
  readonly name: string
  readonly depends: readonly string[]
}

/**
 * Order in which every module comes after what it depends on; among equals by name, so that every boot has the same order.
 * Modules on a cycle, or behind one, have no place in the order.
 * @returns the order, cycles as paths that end where they began (`a → b → a`), and dependencies that nobody provides
 */
export function dependencyOrder(nodes: readonly DependencyNode[]): {
  order: readonly string[]
  cycles: readonly (readonly string[])[]
  missing: readonly { readonly module: string; readonly dependency: string }[]
} {
  const byName = new Map(nodes.map((node) => [node.name, node]))
  const missing = nodes.flatMap((node) =>
    node.depends.filter((dependency) => !byName.has(dependency)).map((dependency) => ({ module: node.name, dependency })),
  )
  const order: string[] = []
  const cycles: string[][] = []
  const state = new Map<string, 'open' | 'placed' | 'behind-a-cycle'>()

  const visit = (node: DependencyNode, path: readonly string[]): boolean => {
    const seen = state.get(node.name)
    if (seen === 'open') {
      cycles.push([...path.slice(path.indexOf(node.name)), node.name])
      return false
    }
    if (seen !== undefined) return seen === 'placed'
    state.set(node.name, 'open')
    let placeable = true
    for (const name of [...node.depends].sort()) {
      const dependency = byName.get(name)
      if (dependency !== undefined && !visit(dependency, [...path, node.name])) placeable = false
    }
    state.set(node.name, placeable ? 'placed' : 'behind-a-cycle')
    if (placeable) order.push(node.name)
    return placeable
  }
  for (const node of [...nodes].sort((a, b) => (a.name < b.name ? -1 : 1))) visit(node, [])
  return { order, cycles, missing }
}

/** Everything each module stands on, through any number of steps. Safe on cycles. */
export function transitiveDependencies(nodes: readonly DependencyNode[]): ReadonlyMap<string, ReadonlySet<string>> {
  const byName = new Map(nodes.map((node) => [node.name, node]))
  return new Map(
    nodes.map((node) => {
      const found = new Set<string>()
      const waiting = [...node.depends]
      for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
        if (found.has(name)) continue
        found.add(name)
        waiting.push(...(byName.get(name)?.depends ?? []))
      }
      return [node.name, found]
    }),
  )
}
