import { z } from 'zod'
import type { RouteRegistration, VisitorCall } from '../../../core/http/routes.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { localDay } from '../../../core/i18n/local-time.js'
import type { FieldValue } from '../models/field.js'
import type { EventOrigin } from '../models/event.js'
import { submitSigner } from '../services/signing/submit.js'
import { valuesOfOthers } from '../services/signing/read-submitted.js'
import { checkValues, normalisedValue } from '../services/signing/values/check-values.js'
import { signingDays } from '../services/signing/values/signing-days.js'
import { ownFields, submittedValues } from '../signing-page/document-page.js'
import { markStarted } from '../signing-page/marks.js'
import type { OpenLink } from '../signing-page/open-link.js'
import { faultText } from '../signing-page/page-frame.js'
import { saveValues } from '../signing-page/progress.js'
import { saveAttachment } from '../signing-page/save-attachment.js'
import { saveCapture } from '../signing-page/save-capture.js'
import { lookLimit, provenLink, stepLimit, type SignerParts } from './signer-link.js'

const givenValue = z.union([
  z.string().max(5000),
  z.boolean(),
  z.object({ capture: z.uuid() }).strict(),
  z.object({ attachment: z.uuid() }).strict(),
  z.null(),
])
const givenValues = z.record(z.string().max(40), givenValue)
const givenPlace = z
  .object({ latitude: z.number().min(-90).max(90), longitude: z.number().min(-180).max(180), accuracyMetres: z.number().min(0).max(1e7) })
  .strict()

/** Calls of the page's script: what is entered, drawn and uploaded is kept at once; finishing hands all of it in. */
export function addSignerValues(routes: RouteRegistration, parts: SignerParts): void {
  const { host } = parts

  routes.visitor('post', '/sign/:token/values', lookLimit, async (call) => {
    const link = await provenLink(host, call)
    const own = ownFields(link)
    const given = read(givenValues, call.body['data'])
    const values: Record<string, FieldValue | null> = {}
    for (const [id, value] of Object.entries(given)) {
      const field = own.find((one) => one.id === id && !one.readonly)
      if (field === undefined) throw new Fault('SIGNATURES-FIELD-UNKNOWN', { status: 404, params: { field: id } })
      values[id] = value === null ? null : normalisedValue(field, value)
    }
    await host.db.company(link.context.companyId, async (transaction) => {
      await markStarted(host, transaction, link)
      await saveValues(host, transaction, link.signer, values)
    })
    const entered = Object.fromEntries(
      Object.entries({ ...link.progress.values, ...values }).flatMap(([id, value]) => (value === null ? [] : [[id, value] as const])),
    )
    const after: OpenLink = { ...link, progress: { ...link.progress, values: entered } }
    // Only fields that were touched are spoken of: what is still empty is no mistake yet.
    const faults = faultsOf(after).filter((fault) => Object.hasOwn(values, fieldOf(fault)) && !fault.code.endsWith('-MISSING'))
    return { kind: 'json', body: { saved: true, faults: said(link, faults) } }
  })

  routes.visitor('post', '/sign/:token/capture', stepLimit, async (call) => {
    const link = await provenLink(host, call)
    const given = read(z.record(z.string(), z.unknown()), call.body['data'])
    const png = call.files.find(({ field }) => field === 'png')?.bytes
    const id = await saveCapture(host, link, {
      purpose: given['purpose'],
      kind: given['kind'],
      ink: given['ink'],
      pointer: given['pointer'],
      text: given['text'],
      font: given['font'],
      ...(png === undefined ? {} : { png }),
    })
    return { kind: 'json', status: 201, body: { capture: id } }
  })

  routes.visitor('post', '/sign/:token/attachment', stepLimit, async (call) => {
    const link = await provenLink(host, call)
    const [file] = call.files
    if (file === undefined) throw new Fault('SIGNATURES-ATTACHMENT-EMPTY')
    const field = call.body['field']
    const { id, name } = await saveAttachment(host, link, typeof field === 'string' ? field : '', file)
    return { kind: 'json', status: 201, body: { attachment: id, name } }
  })

  routes.visitor('post', '/sign/:token/finish', stepLimit, async (call) => {
    // Who finished already, in this tab or another, is shown what he signed.
    const link = await provenLink(host, call, { finished: true })
    if (link.standing !== 'asked') return { kind: 'json', body: { finished: true, before: true } }
    const { consent } = link.progress
    if (consent === null) throw new Fault('SIGNATURES-CONSENT-NEEDED', { status: 409 })
    const faults = faultsOf(link)
    if (faults.length > 0) return { kind: 'json', status: 422, body: { finished: false, faults: said(link, faults) } }
    const place = placeOf(call)
    const signer = await submitSigner(host, link.context, {
      requestId: link.request.id,
      signerId: link.signer.id,
      version: link.signer.version,
      values: submittedValues(host, link),
      origin: { ...link.origin, ...(place === undefined ? {} : { place }) },
      consent,
      ...(link.user === undefined ? {} : { user: link.user }),
    })
    return { kind: 'json', body: { finished: true, state: signer.state } }
  })

  function faultsOf(link: OpenLink): FaultDetail[] {
    const today = localDay(host.now(), link.company.timeZone)
    return checkValues(link.request.fields, submittedValues(host, link), {
      role: link.signer.role,
      values: { ...link.request.values, ...link.signer.values, ...signingDays(link.request.fields, link.signer.role, today) },
      others: valuesOfOthers(link.request, link.signer.id),
    })
  }

  function said(link: OpenLink, faults: readonly FaultDetail[]): { field: string; text: string }[] {
    return faults.map((fault) => ({ field: fieldOf(fault), text: faultText(host, link.context.locale, fault) }))
  }
}

const fieldOf = (fault: FaultDetail): string => (fault.path ?? '').replace(/^values\./, '')

/** The JSON part of a form. @throws Fault HTTP-REQUEST-MALFORMED (400) */
function read<Shape extends z.ZodType>(shape: Shape, text: unknown): z.output<Shape> {
  try {
    return shape.parse(JSON.parse(typeof text === 'string' ? text : ''))
  } catch (cause) {
    throw new Fault('HTTP-REQUEST-MALFORMED', { status: 400, path: 'data', cause })
  }
}

/** Given only when the signer ticked it and the device agreed. */
function placeOf(call: VisitorCall): EventOrigin['place'] {
  const text = call.body['place']
  return typeof text === 'string' && text !== '' ? read(givenPlace, text) : undefined
}
