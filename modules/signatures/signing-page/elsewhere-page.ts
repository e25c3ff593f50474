import type { Host } from '../../../core/host/module.js'
import type { PageAnswer } from '../../../core/http/routes.js'
import type { Fault, FaultDetail } from '../../../core/i18n/fault.js'
import { localDay } from '../../../core/i18n/local-time.js'
import type { FieldValues } from '../models/field.js'
import { signatureFieldName } from '../services/requests/pdf-fields.js'
import { fieldsForOutside } from '../services/signing/outside.js'
import { valuesOfOthers } from '../services/signing/read-submitted.js'
import { readSigning } from '../services/signing/signing-rows.js'
import { checkValues } from '../services/signing/values/check-values.js'
import { signingDays } from '../services/signing/values/signing-days.js'
import { submittedValues } from './document-page.js'
import type { OpenLink } from './open-link.js'
import { placesOfOwnProgram } from './own-program.js'
import { faultText, signerPage } from './page-frame.js'

/** What is filled into the file that he takes away. */
export function valuesForOutside(host: Host, link: OpenLink): FieldValues {
  const places = placesOfOwnProgram(link)
  return Object.fromEntries(Object.entries(submittedValues(host, link)).filter(([id]) => !places.has(id)))
}

/** What keeps the file from being handed out: fields that are empty or wrong. */
export function faultsForOutside(host: Host, link: OpenLink): FaultDetail[] {
  const { request, signer } = link
  return checkValues(fieldsForOutside(request, signer.role), valuesForOutside(host, link), {
    role: signer.role,
    values: {
      ...request.values,
      ...signer.values,
      ...signingDays(request.fields, signer.role, localDay(host.now(), link.company.timeZone)),
    },
    others: valuesOfOthers(request, signer.id),
  })
}

/** The page of a signer who signs with a program of his own: download, sign, bring back. */
export async function elsewherePage(host: Host, link: OpenLink, fault?: Fault): Promise<PageAnswer> {
  const { context, request, signer } = link
  const row = await host.db.company(context.companyId, (transaction) => readSigning(transaction, signer.id))
  const isReady = row?.outside_sha256 !== null && row !== undefined && row.base_sha256 === request.headSha256
  const until = isReady && row.leased_until !== null && row.leased_until > host.now() ? row.leased_until : undefined
  return signerPage(host, link, {
    template: 'signer-elsewhere',
    title: 'elsewhere.title',
    ...(fault === undefined ? {} : { status: fault.status }),
    data: {
      only: signer.level === 'qualified',
      faults: (fault?.details ?? []).map((detail) => faultText(host, context.locale, detail)),
      missing: faultsForOutside(host, link).map((detail) => faultText(host, context.locale, detail)),
      fieldName: signatureFieldName(signer.role, request.formPrefix),
      ...(until === undefined ? {} : { until }),
      isReady,
    },
  })
}
