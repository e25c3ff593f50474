/** How much of a table is taken: bytes of the file, rows without the heads, columns. */
export const tableLimits = { bytes: 5 * 1024 * 1024, rows: 10_000, columns: 100 } as const
