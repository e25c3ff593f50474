import { z } from 'zod'
import { Fault } from '../../../core/i18n/fault.js'
import { signerInput } from '../models/request.js'
import { readRequest } from '../services/request-rows.js'
import { correctSigner } from '../services/requests/correct.js'
import { newLink, publicAddress, signerPath } from '../services/requests/links.js'
import { acceptOutside } from '../services/signing/outside.js'
import { requestAnswer, requestAnswerShape } from './request-answer.js'
import { idOf, user, type RequestRoutes } from './request-routes.js'

/** What a program may do for one signer of a request. */
export function addSignerRoutes({ host, routes, base, tag, inCompany }: RequestRoutes): void {
  routes.api({
    method: 'patch',
    path: `${base}/:id/signers/:signerId`,
    summary: 'Corrects name, address, phone or language of a signer who has not signed; earlier links are void',
    tag,
    groups: user,
    body: z
      .object({
        name: signerInput.shape.name.optional(),
        email: signerInput.shape.email,
        phone: signerInput.shape.phone,
        locale: signerInput.shape.locale,
      })
      .strict(),
    response: requestAnswerShape,
    handle: ({ context, params, body }) =>
      inCompany(context, async (transaction) => {
        const id = idOf(params['id'], 'SIGNATURES-REQUEST-UNKNOWN')
        const { name, email, phone, locale } = body
        const changes = {
          ...(name === undefined ? {} : { name }),
          ...(email === undefined ? {} : { email }),
          ...(phone === undefined ? {} : { phone }),
          ...(locale === undefined ? {} : { locale }),
        }
        await correctSigner(host, transaction, context, id, idOf(params['signerId'], 'SIGNATURES-SIGNER-UNKNOWN'), changes)
        return requestAnswer(await readRequest(transaction, id))
      }),
  })

  routes.api({
    method: 'post',
    path: `${base}/:id/signers/:signerId/link`,
    summary: 'A fresh link for a signer, to hand on yourself; allowed where the request sends no mails',
    tag,
    groups: user,
    response: z.object({ url: z.url() }),
    handle: ({ context, params }) =>
      inCompany(context, async (transaction) => {
        const request = await readRequest(transaction, idOf(params['id'], 'SIGNATURES-REQUEST-UNKNOWN'))
        const signer = request.signers.find(({ id }) => id === params['signerId'])
        if (signer === undefined) throw new Fault('SIGNATURES-SIGNER-UNKNOWN', { status: 404 })
        // Who may read the link may sign with it: where mail proves the address, only the mail has it.
        if (request.sendEmail) throw new Fault('SIGNATURES-LINK-BY-MAIL', { status: 409 })
        const address = publicAddress(host, await host.access.company(context.companyId))
        host.audit.record(transaction, context, {
          action: 'signatures.link-copied',
          subject: { type: 'signatures.request', id: request.id, label: `${request.number} ${request.name}` },
          facts: { signer: signer.name },
        })
        return { url: `${address}${signerPath(await newLink(host, transaction, signer))}` }
      }),
  })

  routes.api({
    method: 'post',
    path: `${base}/:id/signers/:signerId/signed-file`,
    summary: 'The file that a signer downloaded from his page and signed with a program of his own, brought by another way than his page',
    tag,
    groups: user,
    body: z.object({ content: z.base64() }).strict(),
    response: requestAnswerShape,
    handle: async ({ context, params, body }) => {
      const requestId = idOf(params['id'], 'SIGNATURES-REQUEST-UNKNOWN')
      const signerId = idOf(params['signerId'], 'SIGNATURES-SIGNER-UNKNOWN')
      await acceptOutside(host, context, { requestId, signerId, origin: {}, pdf: Buffer.from(body.content, 'base64') })
      return requestAnswer(await inCompany(context, (transaction) => readRequest(transaction, requestId)))
    },
  })
}
