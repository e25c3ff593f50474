import Papa from 'papaparse'

/** Rows of a CSV with any usual separator, in UTF-8 or Windows-1256; blank rows are left out. */
export function readCsv(bytes: Buffer): string[][] {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    // Spreadsheets on Arabic Windows save «CSV» in their own code page.
    text = new TextDecoder('windows-1256').decode(bytes)
  }
  const { data } = Papa.parse<string[]>(text.replace(/^\ufeff/, ''), { skipEmptyLines: 'greedy' })
  return data.map((row) => row.map((cell) => cell.trim()))
}
