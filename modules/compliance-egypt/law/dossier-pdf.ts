import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { DemandAnswer, DossierReport } from './dossier-report.js'
import { lawTable } from './law-table.js'

const isoMoment = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/

/** The report of a dossier on paper, in the reader's language: verdict first, then points, articles, certificate. */
export async function dossierPdf(host: Host, { locale, companyId }: CompanyContext, report: DossierReport, now: Date): Promise<Buffer> {
  const { timeZone, digits } = await host.access.company(companyId)
  const text = (key: string, params?: Record<string, string>): string => host.i18n.text(locale, `compliance-egypt.${key}`, params)
  const time = (at: string): string => `${moment(at, timeZone)} (${timeZone})`
  // A moment among Arabic words falls apart unless it is isolated.
  const readable = (value: unknown): unknown => (typeof value === 'string' && isoMoment.test(value) ? `\u2068${time(value)}\u2069` : value)
  const fault = (one: FaultDetail): string =>
    host.i18n.fault(locale, {
      ...one,
      params: Object.fromEntries(Object.entries(one.params ?? {}).map(([name, value]) => [name, readable(value)])) as FaultDetail['params'], // texts stay texts
    })
  const rows = (pairs: readonly (readonly [string, string])[]): { label: string; value: string }[] =>
    pairs.map(([key, value]) => ({ label: text(`dossier.${key}`), value }))
  const answered = ({ state, findings, proof }: DemandAnswer) => ({
    state,
    verdict: text(`dossier.state.${state}`),
    findings: findings.map(fault),
    proof,
  })
  const contradicted = [...report.points, ...report.articles].some(({ state }) => state === 'contradicted')
  const broken = report.points.some(({ point, state }) => point !== 'c' && state === 'contradicted')
  const { amendments } = lawTable()
  const { pdf } = await host.documents.render({
    template: 'compliance-egypt/dossier',
    data: {
      locale,
      title: text('dossier.title'),
      intro: text('dossier.intro'),
      broken,
      summary: text(broken ? 'dossier.summary.broken' : contradicted ? 'dossier.summary.partly' : 'dossier.summary.whole'),
      rows: rows([
        ['number', report.number],
        ['examined', text(`dossier.examined.${report.examined}`)],
        ['signer', report.signer],
        ['issuer', report.issuer],
        ['signed', report.signedAt === null ? '—' : time(report.signedAt)],
        ['hash', report.textSha256 ?? '—'],
        [
          'log',
          [
            text(`dossier.log.${report.log.state}`, { count: String(report.log.computed) }),
            ...report.log.stamps.map(({ authority, sequence, at }) =>
              text('dossier.log.stamped', { authority, sequence: String(sequence), at: time(at) }),
            ),
          ].join(' · '),
        ],
        ['made', time(report.madeAt)],
      ]),
      points: report.points.map((one) => ({ title: text(`dossier.point.${one.point}`), ...answered(one) })),
      basisTitle: text('dossier.basis'),
      basis: text(`dossier.basis.${report.basis.basis}`),
      reasons: report.basis.reasons.map((code) => fault({ code })),
      proofLabel: text('dossier.proof'),
      articlesTitle: text('dossier.articles'),
      articles: report.articles.map((one) => ({
        article: one.article,
        demands: one.demands[locale],
        unconfirmed: one.status === 'unconfirmed' ? text('dossier.unconfirmed') : '',
        ...answered(one),
      })),
      lintTitle: text('dossier.lint'),
      lint: report.lint.map(({ item, code, state, found }) => ({
        item: item === 0 ? '' : String(item),
        title: text(`lint.${code}`),
        state: text(`lint.state.${state}`),
        good: state === 'present',
        found,
      })),
      notes: [
        ...(report.articles.some(({ status }) => status === 'unconfirmed') ? [text('dossier.unconfirmed.note')] : []),
        amendments.note[locale],
        text('dossier.log.note'),
        text('dossier.note'),
      ],
    },
    locale,
    digits,
    standard: '1.7',
    createdAt: now,
    title: text('dossier.title'),
  })
  return pdf
}

function moment(at: string, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(new Date(at))
}
