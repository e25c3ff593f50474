import { z } from 'zod'

/** Answers of the authority, read leniently: what is not understood is null, and the caller decides what that means. */
const text = z.string().nullish().catch(null)
const number = z.union([z.number(), z.string()]).nullish().catch(null)

/** How many pages an answer has, as a number or as its digits; one that says nothing of it is whole. */
export const count = z.coerce.number().int().min(1).catch(1)

const errorDetail = z.looseObject({ code: text, message: text, target: text, propertyPath: text })
export const etaError = z.looseObject({
  error: z
    .union([
      z.looseObject({ code: text, message: text, target: text, propertyPath: text, details: z.array(errorDetail).nullish().catch([]) }),
      z.string(),
    ])
    .nullish()
    .catch(null),
  message: text,
})

export const submissionAnswer = z.looseObject({
  submissionId: text,
  submissionUUID: text,
  acceptedDocuments: z
    .array(z.looseObject({ uuid: z.string().min(1), longId: text, internalId: z.string(), hashKey: text }))
    .nullish()
    .catch(null),
  rejectedDocuments: z
    .array(z.looseObject({ internalId: z.string(), error: z.unknown() }))
    .nullish()
    .catch(null),
})

export const documentSummary = z.looseObject({
  uuid: z.string(),
  submissionUUID: text,
  longId: text,
  internalId: z.string(),
  typeName: text,
  issuerId: text,
  issuerName: text,
  receiverId: text,
  receiverName: text,
  dateTimeIssued: text,
  dateTimeReceived: text,
  total: number,
  status: text,
  documentStatusReason: text,
  cancelRequestDate: text,
  rejectRequestDate: text,
  declineCancelRequestDate: text,
  declineRejectRequestDate: text,
})
export type DocumentSummary = z.infer<typeof documentSummary>

export const submissionState = z.looseObject({
  submissionUUID: text,
  overallStatus: text,
  documentSummary: z.array(documentSummary),
  documentSummaryMetadata: z.looseObject({ totalPages: count }).nullish().catch(null),
})

export const searchAnswer = z.looseObject({
  result: z.array(documentSummary),
  metadata: z.looseObject({ continuationToken: text }).nullish().catch(null),
})

const step: z.ZodType<ValidationStep> = z.looseObject({
  stepName: text,
  name: text,
  status: text,
  error: z
    .looseObject({
      errorCode: text,
      error: text,
      errorAr: text,
      propertyPath: text,
      innerError: z
        .array(z.looseObject({ errorCode: text, error: text, errorAr: text, propertyPath: text }))
        .nullish()
        .catch(null),
    })
    .nullish()
    .catch(null),
})
interface StepError {
  readonly errorCode?: string | null | undefined
  readonly error?: string | null | undefined
  readonly errorAr?: string | null | undefined
  readonly propertyPath?: string | null | undefined
}
export interface ValidationStep {
  readonly stepName?: string | null | undefined
  readonly name?: string | null | undefined
  readonly status?: string | null | undefined
  readonly error?: (StepError & { readonly innerError?: readonly StepError[] | null | undefined }) | null | undefined
}

export const documentRaw = z.looseObject({
  uuid: z.string(),
  internalId: text,
  document: text,
  status: text,
  validationResults: z
    .looseObject({ status: text, validationSteps: z.array(step).nullish().catch([]) })
    .nullish()
    .catch(null),
})
