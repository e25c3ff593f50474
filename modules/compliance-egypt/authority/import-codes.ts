import type { CompanyContext } from '../../../core/access/context.js'
import { readTable } from '../../../core/files/read-table.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { locales } from '../../../core/i18n/locale.js'
import { addCodes, codeInput, type CodeInput } from './codes.js'

/** What a column may be called: as the authority's API says, and as the form says in each language. */
export const codeLabels: Readonly<Partial<Record<keyof CodeInput, readonly string[]>>> = {
  itemCode: ['compliance-egypt.codes.code'],
  codeType: ['compliance-egypt.codes.type'],
  parentCode: ['compliance-egypt.codes.parent', 'compliance-egypt.codes.parent-short'],
  name: ['compliance-egypt.codes.name'],
  nameAr: ['compliance-egypt.codes.name-ar'],
  activeFrom: ['compliance-egypt.codes.from'],
  activeTo: ['compliance-egypt.codes.to', 'compliance-egypt.codes.to-shown'],
}
const shortHeads: Readonly<Record<string, keyof CodeInput>> = {
  code: 'itemCode',
  type: 'codeType',
  gpc: 'parentCode',
  name: 'name',
  codename: 'name',
  codenamear: 'nameAr',
}

/**
 * A CSV or XLSX file: all rows or none. Every row that may not be added is told, whatever is wrong with it.
 * @returns how many were added; faults lie at `rows[n]` of the file without its heads
 * @throws Fault of the table reader; EG-REGISTRATION-MISSING
 */
export async function importCodes(
  host: Host,
  context: CompanyContext,
  bytes: Buffer,
): Promise<{ readonly added: number; readonly faults: readonly FaultDetail[] }> {
  const table = await readTable(bytes)
  const heads = headsOf(host)
  const names = table.heads.map((head) => heads.get(plain(head)))
  const inputs: { readonly row: number; readonly input: CodeInput }[] = []
  const faults: FaultDetail[] = []
  for (const [row, cells] of table.rows.entries()) {
    const values = Object.fromEntries(
      names.flatMap((name, column) => (name === undefined || (cells[column] ?? '') === '' ? [] : [[name, cells[column]]])),
    )
    const read = codeInput.safeParse(values)
    if (read.success) inputs.push({ row, input: read.data })
    else {
      const fields = [...new Set(read.error.issues.map((issue) => issue.path.join('.')))]
      faults.push({ code: 'EG-CODE-ROW', path: `rows[${String(row)}]`, params: { row: row + 2, field: fields.join(', ') } })
    }
  }
  const codes = inputs.map(({ input }) => input)
  try {
    await addCodes(host, context, codes, faults)
  } catch (error) {
    if (!(error instanceof Fault) || !error.details.some(({ path }) => path !== undefined)) throw error
    const told = error.details.map((fault) => ({ ...fault, path: placeInFile(fault.path, inputs) }))
    return { added: 0, faults: told.toSorted((one, other) => rowOf(one) - rowOf(other)) }
  }
  return { added: codes.length, faults: [] }
}

/** Which row of the file a fault is about, counted from 0 without the heads; -1: of none. */
export function rowOf(fault: FaultDetail): number {
  return Number(/^rows\[(\d+)\]/.exec(fault.path ?? '')?.[1] ?? -1)
}

/** `codes[n]` of what was given on is some row of the file. */
function placeInFile(path: string | undefined, inputs: readonly { readonly row: number }[]): string | undefined {
  return path?.replace(/^codes\[(\d+)\]/, (_place, index: string) => `rows[${String(inputs[Number(index)]?.row ?? index)}]`)
}

function headsOf(host: Host): Map<string, keyof CodeInput> {
  const heads = new Map<string, keyof CodeInput>(Object.entries(shortHeads))
  for (const name of Object.keys(codeInput.shape) as (keyof CodeInput)[]) {
    heads.set(plain(name), name)
    for (const key of codeLabels[name] ?? []) for (const locale of locales) heads.set(plain(host.i18n.text(locale, key)), name)
  }
  return heads
}

/** Letters and digits alone, so that a blank, a bracket or a vowel sign makes no other head. */
function plain(head: string): string {
  return head
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{Nd}]/gu, '')
}
