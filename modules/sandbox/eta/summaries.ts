import type { EtaAuthority } from './eta-authority.js'
import type { EtaDocument, ValidationStep } from './register.js'

/** A document in lists and submissions, in the authority's shape. */
export function summaryOf(authority: EtaAuthority, document: EtaDocument): object {
  const { uuid, submission, longId, internalId, type, version, issuer, issuerName, receiver, receiverName } = document
  return {
    uuid,
    submissionUUID: submission,
    longId,
    publicUrl: `${authority.portal}/documents/${uuid}/share/${longId}`,
    internalId,
    typeName: type,
    typeVersionName: version,
    issuerId: issuer,
    issuerName,
    receiverId: receiver,
    receiverName,
    dateTimeIssued: document.issuedAt,
    dateTimeReceived: document.receivedAt,
    netAmount: Number(document.net),
    total: Number(document.total),
    status: authority.register.statusOf(document, authority.now()),
    ...requestsOf(authority, document),
  }
}

function requestsOf(authority: EtaAuthority, document: EtaDocument): object {
  const changes = authority.register.changesOf(document.uuid)
  const at = (change: string): string | null => changes.find((one) => one.change === change)?.at ?? null
  const reason = changes.at(-1)?.reason ?? ''
  return {
    cancelRequestDate: at('cancelled'),
    rejectRequestDate: at('rejected'),
    declineCancelRequestDate: at('cancelation-declined'),
    declineRejectRequestDate: at('rejection-declined'),
    documentStatusReason: reason === '' ? null : reason,
  }
}

/** What validation found, in the authority's shape; nothing while it is going on. */
export function detailsOf(authority: EtaAuthority, document: EtaDocument): object {
  const status = authority.register.statusOf(document, authority.now())
  if (status === 'Submitted') return { validationResults: null }
  const findings = authority.register.findingsOf(document)
  const steps = validators.map((stepName, index) => {
    const own = findings.filter((one) => one.name === stepName).map(errorOf)
    const [first] = own
    return {
      stepId: String(index + 1),
      stepName,
      status: first === undefined ? 'Valid' : 'Invalid',
      // One finding stands by itself; several stand below the validator's own words.
      error:
        first === undefined
          ? null
          : own.length === 1
            ? { ...first, innerError: [] }
            : { propertyName: null, propertyPath: null, errorCode: first.errorCode, error: stepName, errorAr: null, innerError: own },
    }
  })
  return { validationResults: { status: findings.length === 0 ? 'Valid' : 'Invalid', validationSteps: steps } }
}

/** The authority's validators, in its order (SDK, "Document validation rules"). */
export const validators = [
  'Step-01.Structure Validator',
  'Step-02.Core Fields Validator',
  'Step-03.ITIDA Signature Validator',
  'Step-04.National ID Validator',
  'Step-05.Taxpayer Validator',
  'Step-06.Referenced Documents Validator',
  'Step-07.Code Validator',
  'Step-08.Simple Fields Validator',
] as const
export type Validator = (typeof validators)[number]

function errorOf(one: ValidationStep): Record<string, string | null> {
  return {
    propertyName: one.path.split('.').at(-1) ?? null,
    propertyPath: one.path,
    errorCode: one.code,
    error: one.message,
    errorAr: arabic[one.code] ?? one.message,
  }
}

const arabic: Readonly<Record<string, string>> = {
  ISFX305: 'رقم التسجيل الضريبي لمقدم المستند لا يطابق الموقّع الأول',
  '4043': 'التوقيع لا يطابق المستند',
  NI101: 'الرقم القومي غير صحيح',
  CV101: 'كود الصنف غير صحيح',
  RD201: 'المستند المشار إليه غير معروف أو غير صحيح',
  SF341: 'القيمة المحسوبة غير صحيحة',
}
