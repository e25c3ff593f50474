import { Decimal } from 'decimal.js'
import type { Locale } from '../i18n/locale.js'
import type { Translator } from '../i18n/translator.js'
import { fingerprint } from '../signing/keys/agent/protocol.js'
import { readCertificate, type Certificate } from '../validation/certificate/certificate.js'
import { publicKeyOfPairing } from './pairings.js'
import { shownText } from './shown-text.js'
import type { PendingOffer } from './offers.js'
import type { SigningDesk } from './signing-desk.js'

const dayMs = 86_400_000
/** A certificate that ends within this time is shown as ending: a new one from an Egyptian CA takes weeks. */
const warnDays = 45

/** Everything the local page shows, in one object; no secret is in it. */
export function describeDesk(desk: SigningDesk, texts: Translator, locale: Locale, now: Date) {
  return {
    progress: desk.progress ?? null,
    hosts: desk.hosts.map(({ pairing, state, fingerprint: key }) => ({
      id: pairing.agentId,
      company: companyName(desk.companies.get(pairing.agentId) ?? pairing.company, locale),
      url: pairing.url,
      state,
      hostKey: key,
      ownKey: fingerprint(publicKeyOfPairing(pairing)),
    })),
    libraries: {
      failed: [...desk.tokens.failed].map(([name, code]) => ({
        name,
        message: texts.faultOnPage(locale, { code, params: { module: name, library: name } }),
      })),
    },
    tokens: desk.tokens.present.map((present) => ({
      serial: present.token.serial,
      label: present.token.label,
      model: [present.token.manufacturer, present.token.model].filter((part) => part !== '').join(' · '),
      unlocked: present.unlocked,
      loginRequired: present.token.loginRequired,
      pinPad: present.token.protectedPath,
      pinCountLow: present.token.pinCountLow,
      pinFinalTry: present.token.pinFinalTry,
      pinLocked: present.token.pinLocked,
      keys: present.keys.map((key) => {
        const [own] = key.certificates
        return {
          label: key.label,
          algorithm: key.algorithm,
          certificate: own === undefined ? null : certificateFacts(readCertificate(own), now),
        }
      }),
    })),
    pending: desk.pending.map((pending) => pendingFacts(desk, pending, texts, locale)),
    history: desk.history.newest(50).map(({ at, event, facts, sequence }) => ({
      sequence,
      at,
      event,
      documents: facts['documents'] ?? null,
      code: facts['code'] ?? facts['outcome'] ?? null,
      reason: facts['reason'] ?? null,
    })),
    historyBrokenAt: desk.history.brokenAt ?? null,
  }
}

function pendingFacts(desk: SigningDesk, pending: PendingOffer, texts: Translator, locale: Locale) {
  const { offer, pairing, check } = pending
  const present = desk.keyOf(offer)
  const fault = desk.obstacle(pending)
  const [own] = present?.key.certificates ?? []
  return {
    id: offer.id,
    company: companyName(desk.companies.get(pairing.agentId) ?? pairing.company, locale),
    uses: offer.uses.map((use) => ({
      purpose: use.purpose,
      label: use.subject.label,
      amount: use.amount ?? null,
      documentHash: use.documentHash ?? null,
    })),
    askedBy: offer.askedBy,
    createdAt: offer.createdAt,
    digest: offer.digest,
    digestAlgorithm: offer.digestAlgorithm,
    tie: check.tie,
    facts: (check.document?.facts ?? []).map(({ label, value }) => ({ label: label[locale], value: shownText(value) })),
    token: present?.token.token.serial ?? null,
    wantedToken: offer.tokenSerial,
    holder: own === undefined ? null : readCertificate(own).holder,
    fault: fault === undefined ? null : { code: fault.code, message: texts.faultOnPage(locale, fault) },
  }
}

function certificateFacts(certificate: Certificate, now: Date) {
  const days = Math.floor((certificate.notAfter.getTime() - now.getTime()) / dayMs)
  return {
    holder: certificate.holder,
    issuer: certificate.issuerHolder,
    vat: vatOf(certificate),
    notAfter: certificate.notAfter.toISOString(),
    days,
    state: certificate.notAfter <= now ? 'expired' : days <= warnDays ? 'ending' : 'valid',
  }
}

/** organizationIdentifier (2.5.4.97) as `VATEG-113317713` or `VATBG-…`: ETSI EN 319 412-1 section 5.1.4; Egyptian certificates carry it too. */
function vatOf(certificate: Certificate): string | null {
  return /\bVAT[A-Z]{2}-[\dA-Z]{2,20}/.exec(certificate.subject)?.[0] ?? null
}

function companyName(company: { name: string; nameAr: string | null }, locale: Locale): string {
  return locale === 'ar' && company.nameAr !== null && company.nameAr !== '' ? company.nameAr : company.name
}

/** Sum per currency of what is chosen: `3,450.00 EGP + 20.00 USD`. */
export function sumsOf(offers: readonly PendingOffer[]): readonly { readonly currency: string; readonly value: string }[] {
  const sums = new Map<string, Decimal>()
  for (const { offer } of offers) {
    for (const { amount } of offer.uses) {
      if (amount === undefined || !/^-?\d{1,18}(?:\.\d{1,8})?$/.test(amount.value)) continue
      sums.set(amount.currency, (sums.get(amount.currency) ?? new Decimal(0)).plus(amount.value))
    }
  }
  return [...sums].map(([currency, value]) => ({ currency, value: value.toFixed(Math.max(2, value.decimalPlaces())) }))
}
