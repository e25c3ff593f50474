import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import { etaError, type ValidationStep } from './eta-shapes.js'

/**
 * Codes of the authority we have words and a remedy for (`fault.EG-ETA-…`). Each was seen in the SDK's pages or in the field; others are
 * shown as they come.
 */
const known: ReadonlySet<string> = new Set([
  'BadStructure',
  'MaximumSizeExceeded',
  'IncorrectSubmitter',
  'DuplicateSubmission',
  'BadArgument',
  'NotFound',
  'Forbidden',
  'IncorrectState',
  'OperationPeriodOver',
  'ISFX305',
])

const duplicate = /duplicate/i

function faultOf(code: string, message: string, path: string | null | undefined): FaultDetail {
  const params = { code: code.slice(0, 60), message: message.slice(0, 500), place: (path ?? '').slice(0, 200) }
  return {
    code: known.has(code)
      ? `EG-ETA-${code
          .replace(/[A-Z](?=[a-z])/g, '-$&')
          .replace(/^-/, '')
          .toUpperCase()}`
      : 'EG-ETA-OTHER',
    params,
  }
}

/** A document that is too large alone, in our words whatever stands in the answer: a gateway refuses it before the authority can say so. */
export function tooLarge(message: string): readonly FaultDetail[] {
  return [faultOf('MaximumSizeExceeded', message, 'documents')]
}

export interface ReadError {
  readonly code: string
  readonly faults: readonly FaultDetail[]
  /** The authority says it has this already. */
  readonly duplicate: boolean
}

/** The nested error object, the flat one of throttling, or an identity error; whatever it is, something is shown. */
export function readError(body: unknown, raw = ''): ReadError {
  const wrapped = typeof body === 'object' && body !== null && !('error' in body) ? { error: body } : body
  const read = etaError.safeParse(wrapped)
  const error = read.success ? read.data.error : null
  if (typeof error === 'string') return { code: error, faults: [faultOf(error, read.data?.message ?? error, null)], duplicate: false }
  if (error === null || error === undefined) return { code: '', faults: [faultOf('', raw, null)], duplicate: false }
  const code = error.code ?? ''
  const details = (error.details ?? []).map((one) => faultOf(one.code ?? code, one.message ?? '', one.propertyPath ?? one.target))
  const codes = [code, ...(error.details ?? []).map((one) => one.code ?? '')]
  return {
    code,
    faults: details.length > 0 ? details : [faultOf(code, error.message ?? raw, error.propertyPath ?? error.target)],
    duplicate: codes.some((one) => duplicate.test(one)),
  }
}

/** What validation found wrong; the innermost errors, which name places. */
export function faultsOfSteps(steps: readonly ValidationStep[], locale: Locale): FaultDetail[] {
  return steps.flatMap((one) => {
    if (one.error === null || one.error === undefined || one.status?.toLowerCase() === 'valid') return []
    const inner = one.error.innerError ?? []
    return (inner.length > 0 ? inner : [one.error]).map((error) => {
      const words = (locale === 'ar' ? error.errorAr : null) ?? error.error ?? one.stepName ?? ''
      return faultOf(error.errorCode ?? one.error?.errorCode ?? '', words, error.propertyPath)
    })
  })
}
