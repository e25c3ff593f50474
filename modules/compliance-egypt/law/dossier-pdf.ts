import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { CertificateInReport, DemandAnswer, DossierReport } from './dossier-report.js'
import { lawTable } from './law-table.js'

/** Of a file of the dossier. */
export interface FileSum {
  readonly name: string
  readonly sha256: string
}

/**
 * The report of a dossier on paper, in the reader's language: verdict first, then points, articles, certificates, and the fingerprint of
 * each file it speaks of, so that the paper and the files cannot be parted.
 */
export async function dossierPdf(
  host: Host,
  { locale, companyId }: CompanyContext,
  report: DossierReport,
  sums: readonly FileSum[],
): Promise<Buffer> {
  const { timeZone, digits } = await host.access.company(companyId)
  const words: Words = {
    locale,
    text: (key, params) => host.i18n.text(locale, `compliance-egypt.${key}`, params),
    fault: (detail) => host.i18n.fault(locale, withMoments(detail, timeZone)),
    time: (at) => moment(at, timeZone),
  }
  const { pdf } = await host.documents.render({
    template: 'compliance-egypt/dossier',
    data: {
      locale,
      ...verdict(words, report),
      ...headData(words, report),
      ...articleData(words, report),
      ...certificateData(words, report),
      ...revocationData(words, report),
      sumsTitle: words.text('dossier.sums'),
      sumsNote: words.text('dossier.sums.note'),
      sums,
      notes: notes(words, report),
      footer: `${report.number} · ${report.documentSha256}`,
      page: words.text('dossier.page'),
    },
    locale,
    digits,
    standard: '1.7',
    createdAt: new Date(report.madeAt),
    title: words.text('dossier.title'),
  })
  return pdf
}

/** The reader's language, and moments in the company's zone. */
interface Words {
  readonly locale: CompanyContext['locale']
  readonly text: (key: string, params?: Record<string, string>) => string
  readonly fault: (detail: FaultDetail) => string
  readonly time: (at: string) => string
}

function verdict({ text }: Words, { points, articles }: DossierReport): object {
  const broken = points.some(({ point, state }) => point !== 'c' && state === 'contradicted')
  const contradicted = [...points, ...articles].some(({ state }) => state === 'contradicted')
  return {
    title: text('dossier.title'),
    intro: text('dossier.intro'),
    broken,
    summary: text(broken ? 'dossier.summary.broken' : contradicted ? 'dossier.summary.partly' : 'dossier.summary.whole'),
  }
}

function headData({ text, time }: Words, report: DossierReport): object {
  const row = (key: string, ...values: readonly string[]): object => ({ label: text(`dossier.${key}`), values })
  const { log } = report
  return {
    rows: [
      row('number', report.number),
      row('examined', text(`dossier.examined.${report.examined}`)),
      row('document-hash', report.documentSha256),
      row('hash', report.textSha256 ?? '—'),
      row('signer', ...namesOf(report.path[0], report.signer)),
      row('issuer', ...namesOf(report.path[1], report.issuer)),
      row('signed', report.signedAt === null ? '—' : time(report.signedAt)),
      row(
        'log',
        text(`dossier.log.${log.state}`, { count: String(log.computed) }),
        ...log.stamps.map(({ authority, sequence, at }) =>
          text('dossier.log.stamped', { authority, sequence: String(sequence), at: time(at) }),
        ),
      ),
      row('made', time(report.madeAt)),
    ],
  }
}

/** Names part by part: a whole distinguished name in two directions of writing cannot be read. */
function namesOf(certificate: CertificateInReport | undefined, otherwise: string): readonly string[] {
  return certificate === undefined ? [otherwise] : certificate.names.map(({ type, value }) => `${type}: ${value}`)
}

function articleData({ locale, text, fault }: Words, report: DossierReport): object {
  const answered = ({ state, findings, proof }: DemandAnswer) => ({
    state,
    verdict: text(`dossier.state.${state}`),
    findings: findings.map(fault),
    proof,
  })
  const some = !everyUnconfirmed(report)
  return {
    points: report.points.map((one) => ({ title: text(`dossier.point.${one.point}`), ...answered(one) })),
    basisTitle: text('dossier.basis'),
    basis: text(`dossier.basis.${report.basis.basis}`),
    reasons: report.basis.reasons.map((code) => fault({ code })),
    proofLabel: text('dossier.proof'),
    articlesTitle: text('dossier.articles'),
    articles: report.articles.map((one) => ({
      article: articleName(one.article, locale),
      demands: one.demands[locale],
      unconfirmed: some && one.status === 'unconfirmed' ? text('dossier.unconfirmed') : '',
      ...answered(one),
    })),
  }
}

function certificateData({ text, time }: Words, { lint, path }: DossierReport): object {
  return {
    lintTitle: text('dossier.lint'),
    lint: lint.map(({ item, code, state, found }) => ({
      item: item === 0 ? '' : String(item),
      title: text(`lint.${code}`),
      state: text(`lint.state.${state}`),
      good: state === 'present',
      found,
    })),
    pathTitle: text('dossier.path'),
    pathNote: text('dossier.path.note'),
    path: path.map((one) => ({
      names: namesOf(one, one.subject),
      facts: `${one.key} · ${time(one.notBefore).slice(0, 10)} – ${time(one.notAfter).slice(0, 10)}`,
      root: one.selfSigned ? text('dossier.path.root') : '',
      sha256: one.sha256,
    })),
  }
}

/** Each list and OCSP answer: of whom it says what, when it was made and got, and which archives of time have stamped its bytes. */
function revocationData({ text, time }: Words, { revocation }: DossierReport): object {
  return {
    revocationTitle: text('dossier.revocation'),
    revocation: revocation.map(({ file, about, madeAt, gotAt, sha256, stamps }) => ({
      file,
      sha256,
      lines: [
        ...about.map(({ certificate, status, revokedAt, reason }) => ({
          bad: status !== 'good',
          text: text(`dossier.revocation.${status}`, {
            certificate,
            at: revokedAt === null ? '—' : time(revokedAt),
            reason: reason ?? '—',
          }),
        })),
        { bad: false, text: text('dossier.revocation.made', { made: time(madeAt), got: time(gotAt) }) },
        ...stamps.map(({ authority, at }) => ({ bad: false, text: text('dossier.revocation.stamped', { authority, at: time(at) }) })),
        ...(stamps.length === 0 ? [{ bad: false, text: text('dossier.revocation.unstamped') }] : []),
      ],
    })),
  }
}

function notes({ locale, text }: Words, report: DossierReport): readonly string[] {
  const unconfirmed = report.articles.some(({ status }) => status === 'unconfirmed')
  return [
    ...(unconfirmed ? [text(everyUnconfirmed(report) ? 'dossier.unconfirmed.all' : 'dossier.unconfirmed.note')] : []),
    lawTable().amendments.note[locale],
    text('dossier.log.note'),
    text('dossier.note'),
  ]
}

function everyUnconfirmed({ articles }: DossierReport): boolean {
  return articles.every(({ status }) => status === 'unconfirmed')
}

const arabicLetters: Readonly<Record<string, string>> = { a: 'أ', b: 'ب', c: 'ج', d: 'د', e: 'هـ', f: 'و', g: 'ز', h: 'ح', i: 'ط' }

/** `2(e)` is letter هـ of Article 2 for an Arabic reader: the decree's letters are Arabic. */
function articleName(article: string, locale: CompanyContext['locale']): string {
  return locale === 'ar'
    ? article.replace(/\((\w)\)/g, (whole, letter: string) => (letter in arabicLetters ? ` (${arabicLetters[letter] ?? letter})` : whole))
    : article
}

const isoMoment = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/

/** Moments in what a finding tells, in the company's zone. */
function withMoments(detail: FaultDetail, timeZone: string): FaultDetail {
  const params = Object.entries(detail.params ?? {}).map(([name, value]) => [
    name,
    typeof value === 'string' && isoMoment.test(value) ? moment(value, timeZone) : value,
  ])
  return { ...detail, params: Object.fromEntries(params) as FaultDetail['params'] } // texts stay texts
}

function moment(at: string, timeZone: string): string {
  const local = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(new Date(at))
  return `${local} (${timeZone})`
}
