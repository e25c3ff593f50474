import { randomInt } from 'node:crypto'
import { sameText } from '../../../core/access/secrets.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { PageAnswer } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import { localDay } from '../../../core/i18n/local-time.js'
import type { SignaturesSettings } from '../models/settings.js'
import type { ConsentRow } from '../models/consent.js'
import { recordEvent } from '../services/events.js'
import { consentFacts, consentFor, shownConsent, type ShownConsent } from './consents.js'
import { companyName, type OpenLink } from './open-link.js'
import { faultText, signerPage } from './page-frame.js'
import { saveProgress } from './progress.js'

/** Letters and digits that nobody takes for one another, in any script's font. */
const letters = 'ACDEFHJKMNPRTWXY34679'

/** The words of consent of this link, in the language of the page. */
export async function consentOf(host: Host, rows: readonly ConsentRow[], link: OpenLink): Promise<ShownConsent> {
  const settings = await host.db.company(link.context.companyId, (transaction) =>
    host.settings.get<SignaturesSettings>(transaction, 'signatures'),
  )
  const { locale } = link.context
  const row = consentFor(rows, settings.consentLaw, link.company.country, localDay(host.now(), link.company.timeZone))
  return shownConsent(row, locale, { company: link.company, request: link.request, companyName: companyName(link.company, locale) })
}

export async function consentPage(host: Host, rows: readonly ConsentRow[], link: OpenLink, fault?: Fault): Promise<PageAnswer> {
  const shown = await consentOf(host, rows, link)
  if (shown.accessProof) await accessWord(host, link)
  return signerPage(host, link, {
    template: 'signer-consent',
    title: 'consent.title',
    status: fault === undefined ? 200 : fault.status,
    data: {
      consent: shown,
      fault: fault === undefined ? '' : faultText(host, link.context.locale, { code: fault.code, params: fault.params }),
    },
  })
}

/** The word that stands in the PDF of this signer. It is made once. */
export async function accessWord(host: Host, link: OpenLink): Promise<string> {
  if (link.progress.accessWord !== null) return link.progress.accessWord
  const word = Array.from({ length: 6 }, () => letters[randomInt(letters.length)] ?? '').join('')
  await host.db.company(link.context.companyId, (transaction) => saveProgress(host, transaction, link.signer, { accessWord: word }))
  return word
}

/** The PDF of the proof of access: its word can be read only by who can open such files. */
export async function accessFile(host: Host, link: OpenLink): Promise<Buffer> {
  const { locale } = link.context
  const word = await accessWord(host, link)
  const say = (key: string): string => host.i18n.text(locale, `signatures.sign.access.${key}`)
  const { pdf } = await host.documents.render({
    template: 'signatures/signer-access',
    data: { title: say('title'), text: say('text'), word, number: link.request.number },
    locale,
    digits: 'latin',
    createdAt: host.now(),
    title: say('title'),
  })
  return pdf
}

/**
 * Writes consent down, word for word.
 * @throws Fault SIGNATURES-CONSENT-CHANGED (409) when other words were shown than hold now, SIGNATURES-CONSENT-UNTICKED,
 *   SIGNATURES-ACCESS-WORD
 */
export async function giveConsent(
  host: Host,
  rows: readonly ConsentRow[],
  link: OpenLink,
  given: { readonly agreed: boolean; readonly sha256: unknown; readonly word: unknown },
): Promise<void> {
  const shown = await consentOf(host, rows, link)
  if (!given.agreed) throw new Fault('SIGNATURES-CONSENT-UNTICKED')
  if (given.sha256 !== shown.sha256) throw new Fault('SIGNATURES-CONSENT-CHANGED', { status: 409 })
  if (shown.accessProof) {
    const typed = typeof given.word === 'string' ? given.word.toUpperCase().replace(/[\s\p{Cf}]/gu, '') : ''
    if (link.progress.accessWord === null || !sameText(typed, link.progress.accessWord)) throw new Fault('SIGNATURES-ACCESS-WORD')
  }
  const facts = consentFacts(shown, link.context.locale, host.now())
  await change(host, link, async (transaction) => {
    await saveProgress(host, transaction, link.signer, { consent: facts })
    await recordEvent(host, transaction, link.context, {
      requestId: link.request.id,
      type: 'consent_given',
      signerId: link.signer.id,
      origin: link.origin,
      facts: { ...facts },
    })
  })
}

/** Takes consent back, before signing: the way on is paper, declining, or consenting again. */
export async function withdrawConsent(host: Host, link: OpenLink): Promise<void> {
  if (link.progress.consent === null) return
  const { law, version, sha256 } = link.progress.consent
  await change(host, link, async (transaction) => {
    await saveProgress(host, transaction, link.signer, { consent: null })
    await recordEvent(host, transaction, link.context, {
      requestId: link.request.id,
      type: 'consent_withdrawn',
      signerId: link.signer.id,
      origin: link.origin,
      facts: { law, version, sha256 },
    })
  })
}

function change(host: Host, link: OpenLink, work: (transaction: CompanyTransaction) => Promise<void>): Promise<void> {
  return host.db.company(link.context.companyId, work)
}
