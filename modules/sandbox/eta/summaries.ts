import type { EtaAuthority } from './eta-authority.js'
import type { EtaDocument } from './register.js'

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
  const steps = document.errors.map((one, index) => ({
    stepId: String(index + 1),
    stepName: one.name,
    status: 'Invalid',
    error: {
      propertyName: one.path.split('.').at(-1),
      propertyPath: one.path,
      errorCode: one.code,
      error: one.message,
      errorAr: arabic[one.code] ?? one.message,
      innerError: [],
    },
  }))
  return { validationResults: { status: document.verdict, validationSteps: steps } }
}

const arabic: Readonly<Record<string, string>> = {
  ISFX305: 'رقم التسجيل الضريبي لمقدم المستند لا يطابق الموقّع الأول',
  '4043': 'التوقيع لا يطابق المستند',
  RD201: 'المستند المشار إليه غير معروف أو غير صحيح',
  SF341: 'القيمة المحسوبة غير صحيحة',
}
