/** The authority takes five decimals. */
export function fiveDecimals(value: string): boolean {
  return /^-?\d+(?:\.\d{1,5}0*)?$/.test(value)
}
