import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { Certificate } from '../../../core/validation/certificate/certificate.js'
import { describeCertificate } from '../../../core/validation/certificate/certificate-description.js'
import type { KeyEvidence } from '../signing/signature-rows.js'
import type { SoftwareFacts } from '../signing/software-facts.js'
import type { Basis } from './basis.js'
import type { ArticleAnswer, DemandAnswer, DemandState, DossierReport } from './dossier-report.js'
import type { ExaminedBytes } from './examined-bytes.js'
import { onCurve, strongEnough } from './lint-certificate.js'
import { lawOn } from './law-table.js'
import { holderKind } from './mandates.js'

/** What the answers are read from. */
export interface Findings {
  readonly bytes: ExaminedBytes
  /** The examined bytes are not those that were filed. */
  readonly changed: boolean
  readonly path: readonly Certificate[]
  readonly basis: Basis
  readonly report: Pick<
    DossierReport,
    'device' | 'lint' | 'times' | 'awaitedTimes' | 'revocation' | 'revocationMissing' | 'log' | 'textSha256'
  >
  readonly evidence: KeyEvidence | null
  /** Hash that the log says was asked to be signed. */
  readonly loggedHash: string | null
  /** What the desk said its person saw of this document; null: it said nothing. */
  readonly seen: 'opened' | 'listed' | null
  readonly keyStopped: { readonly at: Date; readonly reason: string } | null
}

type Answerer = (found: Findings) => DemandAnswer

const files = {
  document: ['document.json', 'canonical.txt', 'signature.p7s'],
  evidence: ['evidence.json'],
  log: ['event-log.json'],
  chain: ['certificates/signer.pem', 'certificates/issuers.pem'],
} as const

function answer(state: DemandState, proof: readonly string[], ...findings: readonly FaultDetail[]): DemandAnswer {
  return { state, findings, proof }
}

/** The demands that are law on the day of signing, each with its answer. */
export function articleAnswers(found: Findings, day: string): ArticleAnswer[] {
  return lawOn(day).map(({ article, demands, status }) => {
    const own = answerers[article]
    // A row of the table that nothing here looks into is not passed over.
    return { article, demands, status, ...(own === undefined ? answer('not-shown', [], { code: 'EG-ART-NOT-LOOKED-INTO' }) : own(found)) }
  })
}

/** A fact a token tells of itself; what it did not tell is not taken as given. */
function told(evidence: KeyEvidence, name: string): boolean | undefined {
  const value = evidence.attributes[name]
  return value === true || value === 'true' ? true : value === false || value === 'false' ? false : undefined
}

function device(names: readonly string[]): Answerer {
  return ({ evidence }) => {
    if (evidence === null) return answer('not-shown', [], { code: 'EG-ART-NO-EVIDENCE' })
    if (evidence.provider === 'software') return answer('contradicted', files.evidence, { code: 'EG-ART-SOFTWARE-KEY' })
    if (evidence.provider === 'csc') return answer('not-shown', files.evidence, { code: 'EG-ART-REMOTE-KEY' })
    const against = names.filter((name) => told(evidence, name) === false)
    const untold = names.filter((name) => told(evidence, name) === undefined)
    if (against.length > 0)
      return answer('contradicted', files.evidence, { code: 'EG-ART-TOKEN-SAYS-NO', params: { names: against.join(', ') } })
    if (untold.length > 0) return answer('not-shown', files.evidence, { code: 'EG-ART-TOKEN-SILENT', params: { names: untold.join(', ') } })
    return answer('shown', files.evidence)
  }
}

/** Everything against the signature, of a document as it was examined. */
function objections({ bytes, changed }: Findings): FaultDetail[] {
  return [...(changed ? [{ code: 'EG-DOSSIER-CHANGED' }] : []), ...bytes.content, ...bytes.signature]
}

const intact: Answerer = (found) => {
  const against = objections(found)
  return against.length === 0 ? answer('shown', files.document) : answer('contradicted', files.document, ...against)
}

const independentTime: Answerer = ({ report: { times, awaitedTimes } }) => {
  const proof = times.map(({ file }) => file)
  const other = times.filter(({ over }) => !over)
  if (other.length > 0)
    return answer('contradicted', proof, ...other.map(({ authority }) => ({ code: 'EG-ART-TIME-OTHER-BYTES', params: { authority } })))
  const good = times.filter(({ dependence, trusted }) => dependence === null && trusted)
  if (good.length > 0)
    return answer(
      'shown',
      good.map(({ file }) => file),
      ...good.map(({ authority, at }) => ({ code: 'EG-ART-TIME', params: { authority, at } })),
    )
  return answer(
    'not-shown',
    proof,
    ...(times.length === 0 ? [{ code: 'EG-ART-NO-TIME' }] : []),
    ...times.map(({ authority, dependence }) => ({
      code: dependence === null ? 'EG-ART-TIME-UNTRUSTED' : `EG-ART-TIME-${dependence.toUpperCase()}`,
      params: { authority },
    })),
    ...awaitedTimes.map(({ url }) => ({ code: 'EG-ART-TIME-AWAITED', params: { url } })),
  )
}

function plainName(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '')
}

/** The law counts bits of RSA: that a key on a curve is as strong is our reading, and said. */
function curves(certificates: readonly Certificate[]): FaultDetail[] {
  return certificates.flatMap((one) => {
    const { key } = describeCertificate(one)
    return onCurve(key) ? [{ code: 'EG-ART-KEY-CURVE', params: { holder: one.holder, key } }] : []
  })
}

/** Of a long log only the pieces around these events were computed again: said, and no reproach. */
function logPieces({ report: { log } }: Findings): FaultDetail[] {
  return log.state === 'pieces' ? [{ code: 'EG-ART-LOG-PIECES', params: { count: log.computed, of: log.head.sequence } }] : []
}

/** What signed, by version; of a token its driver too, or that it did not tell. */
function softwareFindings(provider: KeyEvidence['provider'], { khatm, node, openssl, system, driver }: SoftwareFacts): FaultDetail[] {
  const own = { code: 'EG-ART-SOFTWARE', params: { khatm, node, openssl, system } }
  if (provider !== 'pkcs11' && provider !== 'agent') return [own]
  if (driver === null) return [own, { code: 'EG-ART-DRIVER-UNKNOWN' }]
  const { library, version, sha256 } = driver
  return [own, { code: 'EG-ART-DRIVER', params: { library, version: version ?? '—', sha256: sha256 ?? '—' } }]
}

const answerers: Readonly<Record<string, Answerer>> = {
  '1(5)': ({ evidence, bytes }) => {
    if (evidence?.mandate !== undefined && evidence.mandate !== null) {
      const { signer, principal, capacity, document } = evidence.mandate
      return answer('shown', files.evidence, { code: 'EG-ART-MANDATE', params: { signer, principal, capacity, document } })
    }
    if (bytes.certificate !== undefined && holderKind(bytes.certificate) === 'company') return answer('not-asked', files.chain)
    return answer('not-shown', files.evidence, { code: 'EG-ART-NO-MANDATE' })
  },
  '1(12)': device(['sensitive', 'neverExtractable']),
  '2(a)': (found) => {
    const { certificate } = found.bytes
    if (certificate === undefined) return answer('not-shown', [], { code: 'EG-DOSSIER-NO-SIGNATURE' })
    const { key } = describeCertificate(certificate)
    if (!strongEnough(key))
      return answer('contradicted', files.chain, { code: 'EG-ART-KEY-SHORT', params: { holder: certificate.holder, key } })
    const kept = device(['sensitive', 'neverExtractable'])(found)
    const findings = [...kept.findings, ...curves([certificate])]
    return { ...kept, findings, ...(kept.state === 'contradicted' ? { state: 'not-shown' } : {}) }
  },
  '2(e)': intact,
  '2(f)': ({ evidence, loggedHash, seen, report: { textSha256 } }) => {
    const proof = [...files.log, ...files.evidence]
    if (loggedHash !== null && textSha256 !== null && loggedHash !== textSha256)
      return answer('contradicted', proof, { code: 'EG-ART-OTHER-HASH-SHOWN', params: { logged: loggedHash } })
    if (evidence?.provider === 'agent' && loggedHash !== null) {
      if (seen === 'opened') return answer('shown', proof, { code: 'EG-ART-DOCUMENT-OPENED' })
      return answer('not-shown', proof, { code: seen === 'listed' ? 'EG-ART-DOCUMENT-LISTED' : 'EG-ART-DESK-SILENT' })
    }
    return answer('not-shown', proof, { code: 'EG-ART-NOBODY-WAS-SHOWN' })
  },
  '3(a)': ({ basis, path }) => {
    if (basis.rests.authority !== null) return answer('shown', files.chain)
    const noAnchor = basis.reasons.includes('EG-BASIS-NO-ANCHOR')
    const code = noAnchor ? 'EG-BASIS-NO-ANCHOR' : 'EG-BASIS-ISSUER-NOT-ACCEPTED'
    return answer(noAnchor || path.length === 0 ? 'not-shown' : 'contradicted', files.chain, { code })
  },
  '3(b)': ({ path }) => {
    const issuers = path.slice(1)
    const short = issuers.flatMap((one) => {
      const { key } = describeCertificate(one)
      return strongEnough(key) ? [] : [{ code: 'EG-ART-KEY-SHORT', params: { holder: one.holder, key } }]
    })
    if (short.length > 0) return answer('contradicted', files.chain, ...short)
    return issuers.length === 0
      ? answer('not-shown', files.chain, { code: 'EG-ART-NO-ISSUERS' })
      : answer('shown', files.chain, ...curves(issuers))
  },
  '3(c)': ({ evidence, report: { device: certificate } }) => {
    if (evidence?.provider === 'software') return answer('contradicted', files.evidence, { code: 'EG-ART-SOFTWARE-KEY' })
    const parts = [evidence?.attributes['tokenManufacturer'], evidence?.attributes['tokenModel']].filter((part) => part !== undefined)
    const model = parts.join(' ').trim() || '—'
    if (certificate === null) return answer('not-shown', files.evidence, { code: 'EG-ART-DEVICE-CERTIFICATE', params: { model } })
    const { standard, number } = certificate
    const params = { model, stated: certificate.model, standard, number }
    // The company states the number; that this device is of that model the device itself must have told.
    const same = plainName(model).includes(plainName(certificate.model)) || plainName(certificate.model).includes(plainName(model))
    return same && parts.length > 0
      ? answer('shown', files.evidence, { code: 'EG-ART-DEVICE-CERTIFIED', params })
      : answer('not-shown', files.evidence, { code: 'EG-ART-DEVICE-OTHER', params })
  },
  '3(d)': device(['neverExtractable', 'loginRequired']),
  '3(e)': ({ report: { revocation, revocationMissing } }) => {
    const proof = revocation.map(({ file }) => file)
    const [first] = revocation
    if (revocationMissing === null && first !== undefined)
      return answer('shown', proof, {
        code: first.kept ? 'EG-ART-REVOCATION-KEPT' : 'EG-ART-REVOCATION-LATER',
        params: { at: first.gotAt },
      })
    const revoked = revocationMissing?.code === 'SIGN-CERT-REVOKED'
    return answer(revoked ? 'contradicted' : 'not-shown', proof, revocationMissing ?? { code: 'EG-ART-NO-REVOCATION' })
  },
  '8(a)': independentTime,
  '8(b)': ({ evidence }) => {
    if (evidence === null) return answer('not-shown', files.log, { code: 'EG-ART-NO-EVIDENCE' })
    const proof = [...files.evidence, ...files.log]
    const { name, kind } = evidence.askedBy
    const source = { code: 'EG-ART-SOURCE', params: { name, kind } }
    // What signed is part of the source: signatures from before it was kept do not show it.
    if (evidence.software === undefined) return answer('not-shown', proof, source, { code: 'EG-ART-SOFTWARE-UNKNOWN' })
    return answer('shown', proof, source, ...softwareFindings(evidence.provider, evidence.software))
  },
  '8(c)': (found) => {
    const { evidence, report } = found
    if (evidence?.unattended === undefined) return answer('not-shown', files.evidence, { code: 'EG-ART-ATTENDANCE-UNKNOWN' })
    if (!evidence.unattended)
      return answer('not-asked', files.evidence, { code: 'EG-ART-ATTENDED', params: { name: evidence.askedBy.name } })
    const time = independentTime(found)
    const against = [...objections(found), ...(report.log.state === 'broken' ? [{ code: 'EG-ART-LOG-BROKEN' }] : [])]
    if (against.length > 0) return answer('contradicted', [...files.document, ...files.log], ...against)
    return {
      ...time,
      findings: [{ code: 'EG-ART-UNATTENDED' }, ...time.findings, ...logPieces(found)],
      proof: [...time.proof, ...files.log],
    }
  },
  '9': ({ basis }) =>
    basis.basis === 'none'
      ? answer('not-shown', files.evidence, ...basis.reasons.map((code) => ({ code })))
      : answer('shown', [...files.chain, ...files.evidence]),
  '10': ({ evidence }) => {
    if (evidence === null) return answer('not-shown', [], { code: 'EG-BASIS-CONTROL-UNKNOWN' })
    if (evidence.soleControl === 'device-and-code') return answer('shown', [...files.evidence, ...files.log])
    return evidence.soleControl === 'outside'
      ? answer('contradicted', files.evidence, { code: 'EG-BASIS-OUTSIDE-ARTICLE-10' })
      : answer('not-shown', files.evidence, { code: 'EG-BASIS-CODE-KEPT-BY-HOST' })
  },
  '11': (found) => {
    const own = intact(found)
    if (own.state !== 'shown' || found.report.log.state !== 'broken')
      return { ...own, findings: [...own.findings, ...logPieces(found)], proof: [...own.proof, ...files.chain, ...files.log] }
    return answer('contradicted', files.log, { code: 'EG-ART-LOG-BROKEN' })
  },
  '12': ({ keyStopped }) =>
    keyStopped === null
      ? answer('not-asked', files.log)
      : answer('shown', files.log, { code: 'EG-ART-KEY-STOPPED', params: { at: keyStopped.at.toISOString(), reason: keyStopped.reason } }),
  '20': ({ report: { lint } }) => {
    const open = lint.filter(({ item, state }) => item > 0 && state !== 'present')
    const state =
      lint.length === 0
        ? 'not-shown'
        : open.some((one) => one.state === 'missing')
          ? 'contradicted'
          : open.length > 0
            ? 'not-shown'
            : 'shown'
    const items = [...new Set(open.map(({ item }) => String(item)))].join(', ')
    return answer(state, files.chain, ...(open.length === 0 ? [] : [{ code: 'EG-ART-LINT', params: { items } }]))
  },
  '21': ({ basis, path }) => {
    if (basis.foreign !== undefined)
      return answer('shown', files.chain, {
        code: 'EG-ART-FOREIGN',
        params: { ground: basis.foreign.ground, decision: basis.foreign.decision },
      })
    if (basis.rests.authority !== null) return answer('not-asked', files.chain)
    const country = path.at(0)?.issuerAttributes.find(({ type }) => type === 'C')?.value ?? '—'
    if (country === 'EG') return answer('not-asked', files.chain)
    return answer('not-shown', files.chain, { code: 'EG-ART-FOREIGN-NONE', params: { country } })
  },
}
