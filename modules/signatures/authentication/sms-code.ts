import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { recordEvent } from '../services/events.js'
import { smsProviderOf } from '../sms/sms-provider.js'
import { checkWithLimit, countSending, forgetLastSending } from './attempts.js'
import { checkSentCode, codeMinutes, endChallenge, newCode, storeChallenge } from './challenges.js'
import { maskedPhone } from './mask.js'
import type { AuthenticationMethod } from './method.js'

const name = 'sms-code'

/** Six digits to the phone of the signer. When the provider is away the step waits; it is never skipped. */
export function smsCodeMethod(host: Host): AuthenticationMethod {
  return {
    name,
    title: { ar: 'رمز برسالة نصية', en: 'Code by text message', bg: 'Код със SMS' },
    channel: 'phone',
    unavailable: async (_transaction, { context, signer }) => {
      if (signer.phone === null) return { code: 'SIGNATURES-METHOD-NO-PHONE', params: { name: signer.name } }
      const company = await host.access.company(context.companyId)
      return smsProviderOf(host, company) === undefined ? { code: 'SIGNATURES-METHOD-NO-SMS' } : undefined
    },
    begin: async (signing) => {
      const { context, request, signer } = signing
      const provider = smsProviderOf(host, await host.access.company(context.companyId))
      if (provider === undefined) throw new Fault('SIGNATURES-METHOD-NO-SMS', { status: 503 })
      // Stored as people read it; providers want E.164.
      const phone = (signer.phone ?? '').replace(/[^\d+]/g, '')
      const code = newCode()
      await host.db.company(context.companyId, async (transaction) => {
        await countSending(host, transaction, signing, name)
        await storeChallenge(host, transaction, signing, name, { code })
      })
      try {
        await provider.send({
          to: phone,
          text: host.i18n.text(context.locale, 'signatures.code-sms', { code, minutes: codeMinutes, document: request.name }),
        })
      } catch (cause) {
        await host.db.company(context.companyId, (transaction) => endChallenge(transaction, signing, name))
        await forgetLastSending(host, signing, name)
        throw new Fault('SIGNATURES-SMS-FAILED', { status: 502, cause })
      }
      const masked = maskedPhone(phone)
      await host.db.company(context.companyId, (transaction) =>
        recordEvent(host, transaction, context, {
          requestId: request.id,
          type: 'code_sent',
          signerId: signer.id,
          facts: { method: name, address: masked },
        }),
      )
      return { kind: 'code', params: { address: masked, minutes: codeMinutes } }
    },
    check: (signing, answer) =>
      checkWithLimit(host, signing, name, (transaction) =>
        checkSentCode(host, transaction, signing, name, answer, { address: maskedPhone(signing.signer.phone ?? '') }),
      ),
  }
}
