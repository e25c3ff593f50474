import type { Command } from 'commander'
import { commandTexts, languageOf, print, printJson, type GlobalOptions } from '../../../core/cli/terminal.js'
import { withHost } from '../../../core/cli/with-host.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import type { LogCheck } from '../evidence/verify-log.js'

interface VerifyLogOptions extends GlobalOptions {
  readonly company?: string
  readonly all?: boolean
}

interface CompanyChecks {
  readonly company: string
  /** Of the company's own event log, with the heads that are written down outside the database. */
  readonly companyLog: boolean
  readonly requests: readonly LogCheck[]
  /** Of which the company's log tells and that are gone. */
  readonly lost: readonly string[]
}

/** `khatm signatures verify-log`: event logs of requests, computed again and held against company log and sealed files. */
export function register(program: Command): void {
  const signatures = program.command('signatures').description('cli.help.signatures')
  signatures
    .command('verify-log [request]')
    .description('cli.help.signatures.verify-log')
    .option('--all', 'cli.help.signatures.verify-log.all')
    .option('--company <code>', 'cli.help.signatures.verify-log.company')
    .action(async (request: string | undefined, _options: object, command: Command) => {
      const options = command.optsWithGlobals<VerifyLogOptions>()
      if ((request === undefined) === (options.all !== true)) throw new Fault('SIGNATURES-LOG-WHICH', { status: 400 })
      const locale = languageOf(options.lang)
      const checks = await withHost(command, async ({ host }) => {
        const { lostRequests, requestsWithLogs, verifyRequestLog } = await import('../evidence/verify-log.js')
        const only = options.company === undefined ? undefined : await host.access.companyByCode(options.company)
        const companies = (await host.access.companies()).filter((company) => only === undefined || company.id === only.id)
        const found: CompanyChecks[] = []
        for (const company of companies) {
          if (!(await host.modules.isEnabled(company.id, 'signatures'))) continue
          const [log] = await host.audit.verify(company.id)
          const { ids, lost } = await host.db.company(company.id, async (transaction) => ({
            ids: request === undefined ? await requestsWithLogs(transaction) : await named(transaction, request),
            lost: request === undefined ? await lostRequests(transaction) : [],
          }))
          const requests: LogCheck[] = []
          for (const id of ids) requests.push(await host.db.company(company.id, (transaction) => verifyRequestLog(host, transaction, id)))
          if (request === undefined || requests.length > 0)
            found.push({ company: company.code, companyLog: log?.intact ?? false, requests, lost })
        }
        return found
      })
      if (request !== undefined && checks.length === 0) throw new Fault('SIGNATURES-REQUEST-UNKNOWN', { status: 404 })
      const say = (key: string, params: Readonly<Record<string, string | number>> = {}): string =>
        commandTexts().text(locale, `cli.signatures.${key}`, params)
      if (options.json === true) printJson(checks)
      else {
        for (const { company, companyLog, requests, lost } of checks) {
          if (!companyLog) print(say('company-broken', { company }))
          for (const one of requests) print(lineOf(one, locale, say))
          for (const id of lost) print(say('lost', { id }))
        }
        // That nothing was found wrong says nothing before it is said of how many.
        const logs = checks.flatMap(({ requests }) => requests)
        const broken = logs.filter(({ intact }) => !intact).length + checks.flatMap(({ lost }) => lost).length
        print(say('summary', { logs: logs.length, broken }))
      }
      if (checks.some(({ companyLog, requests, lost }) => !companyLog || lost.length > 0 || requests.some((one) => !one.intact)))
        process.exitCode = 1
    })
}

type Say = (key: string, params?: Readonly<Record<string, string | number>>) => string

function lineOf({ number, events, intact, brokenAt, broken, reason, sealed }: LogCheck, locale: Locale, say: Say): string {
  if (intact) return say(sealed ? 'sealed' : 'intact', { number, events })
  const what =
    broken === undefined
      ? ''
      : ` ${say('event', { event: commandTexts().text(locale, `signatures.event.${broken.type}`), at: broken.at, actor: broken.actor })}`
  return `${say('broken', { number, at: brokenAt ?? 0, reason: say(`reason.${reason ?? ''}`) })}${what}`
}

async function named(transaction: import('../../../core/db/database.js').CompanyTransaction, request: string): Promise<string[]> {
  const rows = await transaction
    .knex<{ company_id: string; id: string; number: string }>('signatures_request')
    .where({ company_id: transaction.companyId })
    .whereRaw('(number = ? or id::text = ?)', [request, request])
    .select('id')
  return rows.map((row) => row.id)
}
