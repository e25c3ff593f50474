import type { Host } from '../../../core/host/module.js'
import type { Locale } from '../../../core/i18n/locale.js'
import type { ReportView } from './report-view.js'

/** The report on paper: the same words as the page. */
export async function reportPdf(
  host: Host,
  locale: Locale,
  view: ReportView,
  facts: { readonly sha256: string; readonly checkedAt: Date; readonly moment: (iso: string) => string },
): Promise<Buffer> {
  const label = (key: string): string => host.i18n.text(locale, `verification.report.${key}`)
  const { pdf } = await host.documents.render({
    template: 'verification/report',
    data: {
      ...view,
      locale,
      sha256: facts.sha256,
      checkedAt: facts.moment(facts.checkedAt.toISOString()),
      labels: Object.fromEntries(
        [
          'title',
          'file',
          'hash',
          'checked',
          'signatures',
          'changes',
          'allowed',
          'disallowed',
          'chain',
          'anchor',
          'reasons',
          'notes',
          'until',
          'page',
          'foot',
        ].map((key) => [key, label(key)]),
      ),
    },
    locale,
    digits: 'latin',
    standard: '1.7',
    createdAt: facts.checkedAt,
    title: label('title'),
  })
  return pdf
}
