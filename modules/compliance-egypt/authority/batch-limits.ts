/** How much goes in one call. The authority publishes no figures; it answers MaximumSizeExceeded, and then halves are sent. */
export interface BatchLimits {
  readonly from: string
  readonly documents: number
  /** Bytes of the whole request body. */
  readonly bytes: number
  readonly status: 'UNCONFIRMED' | 'CONFIRMED'
  readonly source: string
}

export const batchLimits: readonly BatchLimits[] = [
  {
    from: '2020-11-15',
    documents: 100,
    bytes: 1_000_000,
    status: 'UNCONFIRMED',
    source: 'own cap; no figure in the SDK pages on submissions',
  },
]

/** The limits of a day. */
export function limitsOn(day: string): BatchLimits {
  const found = batchLimits.filter((one) => one.from <= day).at(-1) ?? batchLimits[0]
  if (found === undefined) throw new Error('no batch limits')
  return found
}

/** Cuts into batches in order; one that is larger than the limit alone goes alone. */
export function inBatches<Item>(
  items: readonly Item[],
  sizeOf: (item: Item) => number,
  limits: Pick<BatchLimits, 'documents' | 'bytes'>,
): Item[][] {
  const batches: Item[][] = []
  let current: Item[] = []
  let bytes = 0
  for (const item of items) {
    const size = sizeOf(item) + 1
    if (current.length > 0 && (current.length >= limits.documents || bytes + size > limits.bytes)) {
      batches.push(current)
      current = []
      bytes = 0
    }
    current.push(item)
    bytes += size
  }
  if (current.length > 0) batches.push(current)
  return batches
}
