import type { Host } from '../../../core/host/module.js'
import { recordEvent } from '../services/events.js'
import { checkWithLimit, countSending } from './attempts.js'
import { checkSentCode, codeMinutes, newCode, storeChallenge } from './challenges.js'
import { codeMail } from './code-mail.js'
import { maskedEmail } from './mask.js'
import type { AuthenticationMethod } from './method.js'

const name = 'email-code'

/** Six digits to the address of the signer. */
export function emailCodeMethod(host: Host): AuthenticationMethod {
  return {
    name,
    title: { ar: 'رمز بالبريد الإلكتروني', en: 'Code by e-mail', bg: 'Код по имейл' },
    channel: 'mail',
    unavailable: (_transaction, { signer }) => {
      if (signer.email === null) return Promise.resolve({ code: 'SIGNATURES-METHOD-NO-EMAIL', params: { name: signer.name } })
      if (host.config.smtp.host === null) return Promise.resolve({ code: 'SIGNATURES-METHOD-NO-MAIL-SERVER' })
      return Promise.resolve(undefined)
    },
    begin: (signing) =>
      host.db.company(signing.context.companyId, async (transaction) => {
        const { context, request, signer } = signing
        const address = signer.email ?? ''
        const code = newCode()
        await countSending(host, transaction, signing, name)
        await storeChallenge(host, transaction, signing, name, { code })
        await host.mail.queue(transaction, context, {
          to: [address],
          ...codeMail(host, await host.access.company(context.companyId), context.locale, {
            code,
            minutes: codeMinutes,
            document: request.name,
          }),
          subjectRecord: { type: 'signatures.code', id: signer.id },
          confidential: true,
        })
        const masked = maskedEmail(address)
        await recordEvent(host, transaction, context, {
          requestId: request.id,
          type: 'code_sent',
          signerId: signer.id,
          facts: { method: name, address: masked },
        })
        return { kind: 'code', params: { address: masked, minutes: codeMinutes } }
      }),
    check: (signing, answer) =>
      checkWithLimit(host, signing, name, (transaction) =>
        checkSentCode(host, transaction, signing, name, answer, { address: maskedEmail(signing.signer.email ?? '') }),
      ),
  }
}
