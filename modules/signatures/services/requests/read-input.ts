import type { z } from 'zod'
import { unstorableAt } from '../../../../core/db/storable-text.js'
import { Fault, type FaultDetail } from '../../../../core/i18n/fault.js'

/**
 * Reads what a caller gave by its schema.
 * @throws Fault SIGNATURES-INPUT with one detail per place: SIGNATURES-INPUT-MISSING, -UNKNOWN, -LONG, -SHORT, -TEXT, -INVALID;
 * paths in the caller's terms (`signers[0].email`)
 */
export function readInput<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const broken = unstorableAt(value)
  if (broken !== undefined) throw refusal([{ code: 'SIGNATURES-INPUT-TEXT', path: broken, params: { field: broken } }])
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw refusal(result.error.issues.flatMap(detailsOf))
}

function refusal(details: readonly FaultDetail[]): Fault {
  const [first] = details
  return new Fault(first?.code ?? 'SIGNATURES-INPUT-INVALID', { path: first?.path, params: first?.params, details })
}

function detailsOf(issue: z.core.$ZodIssue): FaultDetail[] {
  const path = pathText(issue.path)
  const detail = (code: string, params: Record<string, string | number> = {}): FaultDetail => ({
    code,
    path,
    params: { field: path, ...params },
  })
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        const at = pathText([...issue.path, key])
        return { code: 'SIGNATURES-INPUT-UNKNOWN', path: at, params: { field: at } }
      })
    case 'invalid_type':
      return [detail(/received undefined/.test(issue.message) ? 'SIGNATURES-INPUT-MISSING' : 'SIGNATURES-INPUT-INVALID')]
    case 'too_big':
      return [detail('SIGNATURES-INPUT-LONG', { limit: Number(issue.maximum) })]
    case 'too_small':
      return [detail('SIGNATURES-INPUT-SHORT', { limit: Number(issue.minimum) })]
    default:
      return [detail('SIGNATURES-INPUT-INVALID')]
  }
}

export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${String(part)}]` : text === '' ? String(part) : `${text}.${String(part)}`),
    '',
  )
}
