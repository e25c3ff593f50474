import type { ModuleSetup } from '../../../core/host/module.js'
import type { Host } from '../../../core/host/module.js'
import { FileAnswer, type PageAnswer, type PageCall } from '../../../core/http/routes.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { isLocale } from '../../../core/i18n/locale.js'
import { latinDigits, decimalFromTyped } from '../../../core/views/format.js'
import { sendRequest } from '../../signatures/index.js'
import { identityDocuments } from '../data/identity-documents.js'
import { contractTypeOf } from '../data/documents.js'
import { mergeFields } from '../data/merge-fields.js'
import { documentKinds, isDocumentKind, type DocumentKind } from '../models/contract-type.js'
import type { Employee, PayInput } from '../models/employee.js'
import { amendable, countryName, type MissingValue, type RecordChanges } from '../services/contract-values.js'
import { draftContract, prepareContract, tellsPay, type ContractInput, type PreparedContract } from '../services/contracts.js'
import { readEmployee, readPay, settingsOf } from '../services/employees.js'
import { undoApplied } from '../services/completed.js'
import { seesPay } from '../views/employee-model.js'

const user = ['employment.user']

/** «Send contract»: everything is there already, what is missing is asked for on the same page. Also the signed file and taking back. */
export function sendPages(setup: ModuleSetup): void {
  const { host, routes } = setup

  routes.page('get', '/employee/:id/send', user, (call) => sendPage(host, call, inputOf(call.query, call), []))

  routes.page('post', '/employee/:id/send', user, async (call) => {
    const input = inputOf(call.body, call)
    const id = call.params['id'] ?? ''
    if (call.body['action'] === 'show') return sendPage(host, call, input, [])
    try {
      const requestId = await host.db.company(call.context.companyId, (transaction) =>
        draftContract(host, transaction, call.context, id, input),
      )
      if (call.body['action'] === 'draft') return { kind: 'redirect', to: `/app/signatures/request/${requestId}` }
      return await sent(host, call, requestId)
    } catch (error) {
      if (!(error instanceof Fault) || error.status === 403 || error.status === 404 || error.status >= 500) throw error
      return sendPage(host, call, input, error.details)
    }
  })

  routes.page('get', '/document/:id/file', user, (call) =>
    host.db.company(call.context.companyId, async (transaction) => {
      const row: { kind: DocumentKind; country: Employee['country']; sealed_sha256: string | null; number: string } | undefined =
        await transaction
          .knex('employment_document as d')
          .joinRaw('join signatures_request as r on r.company_id = d.company_id and r.id = d.request_id')
          .where('d.company_id', transaction.companyId)
          .whereRaw('d.id::text = ?', [call.params['id'] ?? ''])
          .first('d.kind', 'd.country', 'r.sealed_sha256', 'r.number')
      if (row === undefined || row.sealed_sha256 === null) throw new Fault('EMPLOYMENT-DOCUMENT-UNKNOWN', { status: 404 })
      if (tellsPay(contractTypeOf(row.country, row.kind))) host.access.require(call.context, 'employment.manager')
      const { bytes } = await host.files.get(transaction, row.sealed_sha256)
      return new FileAnswer(bytes, 'application/pdf', `${row.number.replace(/[^\w-]+/g, '-')}.pdf`, 'inline')
    }),
  )

  routes.page('post', '/document/:id/undo', ['employment.manager'], async (call) => {
    const { left, employeeId } = await host.db.company(call.context.companyId, async (transaction) => {
      const row: { employee_id: string } | undefined = await transaction
        .knex('employment_document')
        .where('company_id', transaction.companyId)
        .whereRaw('id::text = ?', [call.params['id'] ?? ''])
        .first('employee_id')
      if (row === undefined) throw new Fault('EMPLOYMENT-DOCUMENT-UNKNOWN', { status: 404 })
      return { left: await undoApplied(host, transaction, call.context, call.params['id'] ?? ''), employeeId: row.employee_id }
    })
    return {
      kind: 'redirect',
      to: `/app/employment/employee/${employeeId}`,
      notice:
        left.length === 0
          ? { key: 'employment.notice.undone', level: 'success' }
          : { key: 'employment.notice.undone-partly', params: { fields: left.join(', ') }, level: 'warning' },
    }
  })
}

/** A draft that cannot be sent stays as a draft, and its page says why. */
async function sent(host: Host, call: PageCall, requestId: string): Promise<PageAnswer> {
  try {
    const request = await sendRequest(host, call.context, requestId)
    return {
      kind: 'redirect',
      to: `/app/employment/employee/${call.params['id'] ?? ''}`,
      notice: { key: 'employment.notice.sent', params: { number: request.number }, level: 'success' },
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const [first] = error.details
    return {
      kind: 'redirect',
      to: `/app/signatures/request/${requestId}`,
      notice: {
        key: 'employment.notice.not-sent',
        params: { reason: first === undefined ? error.code : host.i18n.faultOnPage(call.context.locale, first) },
        level: 'warning',
      },
    }
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value.trim().slice(0, 5000) : '')
const amounts = new Set(['hoursWeek', 'leaveDays', 'pay.basic', 'pay.housing', 'pay.transport', 'pay.other'])

/** What the form says; unknown names are left out. */
function inputOf(body: Readonly<Record<string, unknown>>, call: PageCall): ContractInput {
  const kind = isDocumentKind(body['kind']) ? body['kind'] : 'contract'
  const { locale } = call.context
  const changes: Record<string, string | null> = {}
  const values: Record<string, string> = {}
  for (const [name, given] of Object.entries(body)) {
    const value = text(given)
    if (name.startsWith('change.')) {
      const field = name.slice('change.'.length)
      if (kind === 'amendment' && value === '') continue
      changes[field] = value === '' ? null : amounts.has(field) ? decimalFromTyped(value, locale) : latinDigits(value)
    }
    if (name.startsWith('value.') && value !== '') {
      const merge = name.slice('value.'.length)
      const type = mergeFields[merge]?.type
      values[merge] = type === 'number' || type === 'money' ? decimalFromTyped(value, locale) : type === 'date' ? latinDigits(value) : value
    }
  }
  const optional = (name: string): string | undefined => (text(body[name]) === '' ? undefined : text(body[name]))
  return {
    kind,
    changes,
    values,
    effectiveFrom: optional('effectiveFrom'),
    message: optional('message'),
    representative: { name: optional('representativeName'), email: optional('representativeEmail') },
    ...(isLocale(body['employeeLocale']) ? { employeeLocale: body['employeeLocale'] } : {}),
  }
}

interface Shown {
  readonly employee: Employee
  readonly pay: PayInput
  readonly prepared: PreparedContract | undefined
  readonly representative: { readonly name: string; readonly email: string }
}

async function sendPage(host: Host, call: PageCall, input: ContractInput, faults: readonly FaultDetail[]): Promise<PageAnswer> {
  const { context } = call
  const { locale } = context
  const id = call.params['id'] ?? ''
  const say = (key: string): string => host.i18n.text(locale, key)
  // An amount that is none at all is a fault of the form; the rest of the page is still drawn.
  const found: FaultDetail[] = [...faults]
  const shown = await host.db.company(context.companyId, async (transaction): Promise<Shown> => {
    const employee = await readEmployee(transaction, id)
    const settings = await settingsOf(host, transaction)
    const starting = withRecord(input, employee)
    const prepared = await prepareContract(host, transaction, context, id, starting).catch((error: unknown) => {
      if (!(error instanceof Fault) || error.status === 403 || error.status === 404) throw error
      if (found.length === 0) found.push(...error.details)
      return undefined
    })
    return {
      employee,
      pay: seesPay(context)
        ? await readPay(host, transaction, id)
        : { basic: null, housing: null, transport: null, other: null, currency: '', iban: null },
      prepared,
      representative: {
        name: input.representative?.name ?? settings.representativeName,
        email: input.representative?.email ?? settings.representativeEmail,
      },
    }
  })
  const { employee, prepared } = shown
  const asked = new Map<string, MissingValue>(prepared?.missing.map((one) => [one.name, one]) ?? [])
  for (const name of Object.keys(input.values ?? {})) {
    const definition = mergeFields[name]
    if (!asked.has(name) && definition !== undefined) asked.set(name, { name, label: definition.label, type: definition.type })
  }
  const warnings = (prepared?.faults ?? []).filter(({ level }) => level === 'warning')
  const kinds = documentKinds.filter((kind) => seesPay(context) || !tellsPay(contractTypeOf(employee.country, kind)))
  const title = `${say(`employment.kind.${input.kind}`)} · ${employee.name}`
  return {
    kind: 'page',
    template: 'employment/send',
    title,
    status: faults.length === 0 ? 200 : 422,
    here: `/app/employment/employee/${id}/send?kind=${input.kind}`,
    breadcrumb: [
      { label: say('employment.list.employees'), href: '/app/employment/employee' },
      { label: employee.name, href: `/app/employment/employee/${id}` },
      { label: say(`employment.kind.${input.kind}`) },
    ],
    data: {
      id,
      employee: { ...employee, shownName: locale === 'ar' ? (employee.nameAr ?? employee.name) : employee.name },
      country: countryName(employee.country, locale),
      kind: input.kind,
      kindLabel: `employment.kind.${input.kind}`,
      kinds: kinds.map((kind) => ({ kind, label: `employment.kind.${kind}`, on: kind === input.kind })),
      faults: faultLines(host, call, found),
      warnings: faultLines(host, call, warnings),
      signingNote: prepared?.type.signing.reason[locale],
      advised: prepared === undefined ? undefined : `employment.level.${prepared.type.signing.advised.employee}`,
      ...formOf(input, shown),
      values: [...asked.values()].map((one) => valueControl(one, input, locale)),
      representative: shown.representative,
      locales: (['ar', 'en', 'bg'] as const).map((value) => ({
        value,
        label: `employment.locale.${value}`,
        selected: value === (input.employeeLocale ?? employee.locale ?? locale),
      })),
      message: input.message ?? '',
    },
  }
}

/** First shown, a contract proposes what the record says. */
function withRecord(input: ContractInput, employee: Employee): ContractInput {
  if (input.kind !== 'contract' || Object.keys(input.changes ?? {}).length > 0) return input
  const { startDate, probationEnd, contractKind, contractEnd } = employee
  return { ...input, changes: { ...(startDate === null ? {} : { startDate }), probationEnd, contractKind, contractEnd } }
}

function formOf(input: ContractInput, { employee, pay }: Shown): object {
  const changes: RecordChanges = withRecord(input, employee).changes ?? {}
  if (input.kind === 'contract') {
    return {
      contract: {
        startDate: changes['startDate'] ?? employee.startDate ?? '',
        probationEnd: changes['probationEnd'] ?? '',
        contractEnd: changes['contractEnd'] ?? '',
        fixed: (changes['contractKind'] ?? employee.contractKind) === 'fixed',
      },
    }
  }
  if (input.kind !== 'amendment') return {}
  const now = (name: string): string => {
    const value = name.startsWith('pay.') ? pay[name.slice(4) as 'basic'] : employee[name as keyof Employee]
    return value === null ? '' : String(value)
  }
  return {
    amendment: {
      effectiveFrom: input.effectiveFrom ?? '',
      fields: Object.keys(amendable)
        .filter((name) => name !== 'contractKind' && name !== (employee.country === 'BG' ? 'jobTitleAr' : 'jobTitleBg'))
        .map((name) => ({
          name,
          label: `employment.field.${name.replace('pay.', '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
          now: now(name),
          value: changes[name] ?? '',
          date: name === 'contractEnd',
          number: amounts.has(name),
        })),
    },
  }
}

function valueControl(one: MissingValue, input: ContractInput, locale: 'ar' | 'en' | 'bg'): object {
  const value = input.values?.[one.name] ?? ''
  const options =
    one.type === 'identity'
      ? identityDocuments.map(({ type, title }) => ({ value: type, label: title[locale], selected: type === value }))
      : undefined
  return {
    name: one.name,
    id: one.name.replace(/\W/g, '-'),
    label: one.label[locale],
    value,
    options,
    date: one.type === 'date',
    number: one.type === 'number' || one.type === 'money',
    country: one.type === 'country',
  }
}

function faultLines(host: Host, call: PageCall, faults: readonly FaultDetail[]): object[] {
  return faults.map((fault) => ({ code: fault.code, text: host.i18n.faultOnPage(call.context.locale, fault) }))
}
