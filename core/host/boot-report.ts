import type { FaultDetail } from '../i18n/fault.js'
import type { Locale } from '../i18n/locale.js'
import type { Translator } from '../i18n/translator.js'
import type { LoadedModule } from './module.js'

/** What the boot did, for logs, `khatm start` and `khatm doctor`. */
export interface BootReport {
  readonly database: 'embedded' | 'external'
  readonly modules: readonly LoadedModule[]
  /** Migration files run now, as `<module>/<name>`. */
  readonly migrated: readonly string[]
  /** Points without an error of their own that are still worth saying. */
  readonly warnings: readonly FaultDetail[]
  readonly milliseconds: number
}

/** The report as lines of text; a failed module always stands in it with its reason. */
export function bootReportText(report: BootReport, translator: Translator, locale: Locale): string {
  const width = Math.max(...report.modules.map((module) => module.name.length), 6)
  const lines = report.modules.map((module) => moduleLine(module, translator, locale, width))
  const counts = translator.text(locale, 'host.report.counts', {
    standing: report.modules.filter((module) => module.state !== 'failed').length,
    failed: report.modules.filter((module) => module.state === 'failed').length,
    migrations: report.migrated.length,
    milliseconds: Math.round(report.milliseconds),
  })
  return [...lines, ...report.warnings.map((warning) => `! ${translator.fault(locale, warning)}`), counts].join('\n')
}

/** One module: name, version, state, and why it failed. */
export function moduleLine(module: LoadedModule, translator: Translator, locale: Locale, width: number): string {
  const mark = module.state === 'failed' ? '✗' : '✓'
  const state = translator.text(locale, `host.module.${module.state}`)
  const head = `${mark} ${module.name.padEnd(width)} ${module.version.padEnd(8)} ${state}`
  return module.fault === undefined ? head : `${head}: ${translator.fault(locale, module.fault)}`
}
