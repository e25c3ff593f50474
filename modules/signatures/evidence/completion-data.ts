import type { CompletionFacts, PersonFact } from './completion-facts.js'
import { grouped, type EvidenceWords } from './words.js'

export interface LabelledValue {
  /** The label in each language. */
  readonly label: readonly string[]
  readonly value: string
  /** Numbers, codes and times: left to right, in one piece. */
  readonly code: boolean
}

interface PersonBlock {
  readonly name: string
  readonly role: string
  readonly state: readonly string[]
  readonly tone: 'good' | 'quiet' | 'bad'
  readonly level: readonly string[]
  /** Name of the picture among the images of the document. */
  readonly picture: string | null
  readonly typed: { readonly text: string } | null
  readonly rows: readonly LabelledValue[]
  readonly times: readonly LabelledValue[]
  readonly certificate: readonly LabelledValue[]
}

export interface CompletionData {
  readonly languages: readonly string[]
  readonly title: readonly string[]
  readonly intro: readonly string[]
  readonly headings: Readonly<Record<'document' | 'people' | 'certificate' | 'times' | 'meaning' | 'signature', readonly string[]>>
  readonly facts: readonly LabelledValue[]
  readonly hashes: readonly LabelledValue[]
  readonly people: readonly PersonBlock[]
  readonly meaning: readonly (readonly string[])[]
  readonly verification: { readonly code: string; readonly url: string; readonly label: readonly string[] }
  readonly qr: boolean
  readonly foot: string
  readonly page: string
}

export interface PersonPicture {
  readonly image: string | null
  readonly typed: { readonly text: string } | null
}

/** What the template of the certificate of completion is filled with: facts in words. */
export function completionData(
  facts: CompletionFacts,
  words: EvidenceWords,
  more: {
    readonly pictures: ReadonlyMap<string, PersonPicture>
    readonly verification: { readonly code: string; readonly url: string | null }
  },
): CompletionData {
  const levels = new Set(facts.people.filter((person) => person.action === 'sign').map((person) => person.level))
  const row = (key: string, value: string | null | undefined, code = false): LabelledValue[] =>
    value === null || value === undefined || value === '' ? [] : [{ label: words.pair(key), value, code }]
  const company = words.locale === 'ar' ? (facts.company.nameAr ?? facts.company.name) : facts.company.name
  return {
    languages: words.languages,
    title: words.pair('completion.title'),
    intro: words.pair('completion.intro', { company }),
    headings: {
      document: words.pair('document'),
      people: words.pair('people'),
      certificate: words.pair('certificate'),
      times: words.pair('times'),
      meaning: words.pair('meaning'),
      signature: words.pair('signature'),
    },
    facts: [
      ...row('name', facts.request.name),
      ...row('number', facts.request.number, true),
      ...row('company', company),
      ...row('sender', facts.request.sender),
      ...row('pages', String(facts.document.pages), true),
      ...row('sent', momentOf(facts.sentAt, words), true),
      ...row('finished', momentOf(facts.finishedAt, words), true),
      ...row('zone', words.zone, true),
    ],
    hashes: [
      ...row('hash.original', hashOf(facts.document.originalSha256), true),
      ...row('hash.frozen', hashOf(facts.document.frozenSha256), true),
      ...row('hash.finished', hashOf(facts.document.finishedSha256), true),
      ...row('hash.log', hashOf(facts.events.last), true),
    ],
    people: facts.people.map((person) => personBlock(person, words, more.pictures.get(person.id))),
    meaning: [
      words.pair('meaning.general'),
      ...(['simple', 'advanced', 'qualified'] as const).filter((level) => levels.has(level)).map((level) => words.pair(`meaning.${level}`)),
      words.pair('meaning.not'),
    ],
    verification: { code: more.verification.code, url: more.verification.url ?? '', label: words.pair('verify') },
    qr: more.verification.url !== null,
    foot: words.say('foot', { number: facts.request.number, name: facts.request.name }),
    page: words.say('page'),
  }
}

function personBlock(person: PersonFact, words: EvidenceWords, picture: PersonPicture | undefined): PersonBlock {
  const row = (key: string, value: string | null | undefined, code = false): LabelledValue[] =>
    value === null || value === undefined || value === '' ? [] : [{ label: words.pair(key), value, code }]
  const { origin, certificate, consent } = person
  const { place } = origin
  const signs = person.action === 'sign'
  return {
    name: person.name,
    role: person.role,
    state: words.pair(`state.${person.state}`),
    tone: ['signed', 'approved', 'copied'].includes(person.state)
      ? 'good'
      : ['declined', 'expired'].includes(person.state)
        ? 'bad'
        : 'quiet',
    level: signs ? words.pair(`level.${person.level}`) : words.pair(`action.${person.action}`),
    picture: picture?.image ?? null,
    typed: picture?.typed ?? null,
    rows: [
      ...row('email', person.email, true),
      ...row('phone', person.phone, true),
      ...row('delegated-from', person.delegatedFrom),
      ...(person.action === 'copy' ? [] : row('identity', identityOf(person, words))),
      ...row('consent', consent === null ? null : words.other(`signatures.consent.${consent.law}`, consent.law)),
      ...row('consent-version', consent?.version, true),
      ...row('consent-hash', consent === null ? null : grouped(consent.sha256), true),
      ...row('access', consent?.accessProven === true ? words.say('access.proven') : null),
      ...row('ip', origin.ip, true),
      ...row('device', origin.userAgent?.slice(0, 200), false),
      ...row('device-zone', origin.timeZone, true),
      ...row(
        'place',
        place === undefined ? null : `${place.latitude.toFixed(4)}, ${place.longitude.toFixed(4)} ± ${Math.round(place.accuracyMetres)} m`,
        true,
      ),
      ...row('decline-reason', person.declineReason),
    ],
    times: [
      ...row('time.sent', momentOf(person.sentAt, words), true),
      ...row('time.viewed', momentOf(person.viewedAt, words), true),
      ...person.proofs.flatMap((proof) => row('time.proven', momentOf(proof.at, words), true)).slice(-1),
      ...row(
        signs ? 'time.signed' : person.action === 'approve' ? 'time.approved' : 'time.done',
        momentOf(person.completedAt, words),
        true,
      ),
      ...row('time.stamped', momentOf(certificate?.stampedAt ?? null, words), true),
    ],
    certificate:
      certificate === null
        ? []
        : [
            ...row('certificate.subject', readable(certificate.subject)),
            ...row('certificate.issuer', readable(certificate.issuer)),
            ...row('certificate.kind', words.say(certificate.own ? 'certificate.own' : 'certificate.outside')),
            ...row('certificate.serial', certificate.serial, true),
            ...row('certificate.validity', `${words.utc(certificate.notBefore)} – ${words.utc(certificate.notAfter)}`, true),
            ...row('certificate.stamp', certificate.stampAuthority),
            ...row('certificate.level', certificate.level, true),
          ],
  }
}

/** `Code by e-mail (22/11/2026 10:31), PIN told by phone`: what was asked for, with the time at which it was passed. */
function identityOf(person: PersonFact, words: EvidenceWords): string {
  const methods =
    person.authentication.length === 0 && person.proofs.length === 0
      ? []
      : [...new Set([...person.authentication, ...person.proofs.map((proof) => proof.method)])]
  const told = methods.map((method) => {
    const proof = person.proofs.findLast((one) => one.method === method)
    const name = words.other(`signatures.evidence.method.${method}`, method)
    return proof === undefined
      ? words.say('identity.open', { method: name })
      : words.say('identity.proven', { method: name, at: words.moment(proof.at) })
  })
  if (person.inPerson) told.push(words.say('identity.in-person'))
  return told.join('\n')
}

function momentOf(iso: string | null, words: EvidenceWords): string | null {
  return iso === null ? null : `${words.moment(iso)}  (${words.utc(iso)})`
}

function hashOf(hex: string | null): string | null {
  return hex === null ? null : grouped(hex)
}

/** A name of X.500 without the marks that RFC 2253 puts before its commas. */
function readable(name: string): string {
  return name.replace(/\\([,+"\\<>;])/g, '$1')
}
