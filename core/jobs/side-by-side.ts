/**
 * Works on all items, at most so many at a time, and answers in their order. When one throws, none is begun any more, those under way are
 * waited for (nothing goes on behind the caller's back), and then the first fault is thrown.
 */
export async function sideBySide<Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const faults: unknown[] = []
  const queue = items.entries()
  const lane = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (faults.length > 0) return
      try {
        results[index] = await work(item, index)
      } catch (error) {
        faults.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane))
  if (faults.length > 0) throw faults[0]
  return results
}
