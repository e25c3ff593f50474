/** Name of the legal file: the invoice's number with what a file system does not take replaced. */
export function legalFileName(number: string, extension: string): string {
  return `${number.replace(/[^\p{L}\p{N}._-]+/gu, '-')}.${extension}`
}
