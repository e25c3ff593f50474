import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import type { PageCall } from '../../../core/http/routes.js'
import type { Fault } from '../../../core/i18n/fault.js'
import type { Key } from '../../../core/signing/key.js'
import { readCertificate } from '../../../core/validation/certificate/certificate.js'
import { isManager } from '../routes/authority-panel.js'
import { deviceCertificates, type DeviceCertificate } from './device-certificates.js'
import { isSoon } from './ending-soon.js'
import { foreignAuthorities, foreignGrounds, type ForeignAuthority } from './foreign-authorities.js'
import { lawTable } from './law-table.js'
import { cairoDay } from '../data/cairo-day.js'
import { holderKind, mandateRules, mandates, mandatesAt, type Mandate, type MandateRule } from './mandates.js'
import { timeAuthorities, type TimeAuthority } from './time-authorities.js'

export type LawSection = 'mandates' | 'authorities' | 'devices' | 'times'

export interface LawProblem {
  readonly section: LawSection
  readonly fault: Fault
  readonly form: PageCall['body']
}

interface Field {
  readonly name: string
  readonly type?: 'date'
  readonly required?: boolean
  readonly longest?: number
  readonly latin?: boolean
}

const mandateFields: readonly Field[] = [
  { name: 'signer', required: true, longest: 300 },
  { name: 'principal', required: true, longest: 300 },
  { name: 'capacity', required: true, longest: 300 },
  { name: 'document', required: true, longest: 300 },
  { name: 'from', type: 'date', required: true },
  { name: 'until', type: 'date' },
]
const authorityFields: readonly Field[] = [
  { name: 'decision', required: true, longest: 200 },
  { name: 'equivalentClass', longest: 100 },
  { name: 'from', type: 'date', required: true },
  { name: 'until', type: 'date' },
]
const deviceFields: readonly Field[] = [
  { name: 'model', required: true, longest: 200 },
  { name: 'standard', required: true, longest: 200 },
  { name: 'number', required: true, longest: 200 },
  { name: 'from', type: 'date', required: true },
  { name: 'until', type: 'date' },
]
const timeFields: readonly Field[] = [
  { name: 'name', required: true, longest: 200 },
  { name: 'url', required: true, longest: 500, latin: true },
]

/** Everything the page of the law shows: who may sign for whom, whose certificates count, who proves the time. */
export async function lawPageData(host: Host, context: CompanyContext, problem?: LawProblem): Promise<object> {
  const now = host.now()
  const company = await host.access.company(context.companyId)
  const page: LawPage = {
    host,
    context,
    problem,
    today: cairoDay(now),
    principal: company.nameAr ?? company.name,
    text: (key) => host.i18n.text(context.locale, `compliance-egypt.${key}`),
  }
  const stored = await host.db.company(context.companyId, async (transaction) => ({
    mandates: await mandates(transaction),
    rule: (await mandatesAt(transaction, now)).rule,
    authorities: await foreignAuthorities(transaction),
    times: await timeAuthorities(host.config, transaction),
    devices: await deviceCertificates(transaction),
    keys: (await host.signing.keys(transaction)).filter(({ purposes }) => purposes.includes('stamp-e-invoice')),
  }))
  return {
    manager: isManager(context),
    amendments: lawTable().amendments.note[context.locale],
    ...mandateSection(page, stored.mandates, stored.rule, stored.keys),
    ...authoritySection(page, stored.authorities),
    ...deviceSection(page, stored.devices, stored.keys),
    ...timeSection(page, stored.times),
  }
}

/** What every section is written with. */
interface LawPage {
  readonly host: Host
  readonly context: CompanyContext
  readonly problem: LawProblem | undefined
  readonly today: string
  /** Who is signed for, unless somebody writes another name. */
  readonly principal: string
  readonly text: (key: string) => string
}

function mandateSection(page: LawPage, all: readonly Mandate[], rule: MandateRule, keys: readonly Key[]): object {
  const { text } = page
  return {
    rules: mandateRules.map((value) => ({ value, label: text(`law.rule.${value}`), chosen: value === rule })),
    keys: keys.map((key) => {
      const [own] = key.certificates
      const kind = own === undefined ? 'unclear' : holderKind(readCertificate(own))
      return { id: key.id, name: key.name, kind: text(`law.holder.${kind}`), chosen: typed(page, 'mandates', 'keyId') === key.id }
    }),
    mandateProblem: shownProblem(page, 'mandates'),
    mandates: all.map((one) => ({
      ...one,
      key: nameOf(keys, one.keyId),
      ended: one.endedAt?.toISOString() ?? null,
      ...stateOf(page, one, one.endedAt === null ? null : 'ended'),
    })),
    mandateFields: fields(page, 'mandates', mandateFields),
  }
}

function authoritySection(page: LawPage, all: readonly ForeignAuthority[]): object {
  const { text } = page
  return {
    authorityProblem: shownProblem(page, 'authorities'),
    grounds: foreignGrounds.map((value) => ({
      value,
      label: text(`law.ground.${value}`),
      chosen: typed(page, 'authorities', 'ground') === value,
    })),
    authorities: all.map((one) => ({
      ...one,
      short: one.sha256.slice(0, 16),
      groundText: text(`law.ground.${one.ground}`),
      withdrawn: one.withdrawnAt?.toISOString() ?? null,
      ...stateOf(page, one, one.withdrawnAt === null ? null : 'withdrawn'),
    })),
    authorityFields: fields(page, 'authorities', authorityFields),
  }
}

function deviceSection(page: LawPage, all: readonly DeviceCertificate[], keys: readonly Key[]): object {
  return {
    deviceProblem: shownProblem(page, 'devices'),
    devices: all.map((one) => ({ ...one, key: nameOf(keys, one.keyId), ...stateOf(page, one, null) })),
    deviceKeys: keys
      .filter(({ provider }) => provider !== 'software')
      .map(({ id, name }) => ({ id, name, chosen: typed(page, 'devices', 'keyId') === id })),
    deviceFields: fields(page, 'devices', deviceFields),
  }
}

function timeSection(page: LawPage, all: readonly TimeAuthority[]): object {
  return {
    timeProblem: shownProblem(page, 'times'),
    times: all.map(({ id, url, name, root, dependence }) => ({
      id,
      url,
      name,
      pinned: root?.holder ?? null,
      counts: dependence === null,
      dependence: page.text(`law.dependence.${dependence ?? 'none'}`),
    })),
    counting: all.some(({ dependence }) => dependence === null),
    timeFields: fields(page, 'times', timeFields),
  }
}

const stateColours = { standing: 'green', soon: 'orange', coming: 'blue', over: 'grey', ended: 'grey', withdrawn: 'grey' } as const

/** How a row stands today: ended by somebody, over, to come, standing, or standing for days only. */
function stateOf(
  { today, text }: LawPage,
  { from, until }: { readonly from: string; readonly until: string | null },
  ended: 'ended' | 'withdrawn' | null,
): { readonly state: string; readonly colour: string } {
  const over = until !== null && until < today
  const state = ended ?? (from > today ? 'coming' : over ? 'over' : isSoon(until, today) ? 'soon' : 'standing')
  return { state: text(`law.state.${state}`), colour: stateColours[state] }
}

function nameOf(keys: readonly Key[], keyId: string): string {
  return keys.find(({ id }) => id === keyId)?.name ?? '—'
}

/** What somebody typed into a form that was refused. */
function typed({ problem }: LawPage, section: LawSection, name: string, otherwise = ''): string {
  const value = problem?.section === section ? problem.form[name] : undefined
  return typeof value === 'string' ? value : otherwise
}

function shownProblem({ host, context, problem }: LawPage, section: LawSection): object | null {
  if (problem?.section !== section) return null
  return { code: problem.fault.code, text: host.i18n.faultOnPage(context.locale, problem.fault) }
}

function fields(page: LawPage, section: LawSection, list: readonly Field[]): object[] {
  const first: Readonly<Record<string, string>> = { from: page.today, principal: page.principal }
  return list.map((field) => ({
    ...field,
    id: `${section}-${field.name}`,
    label: `compliance-egypt.law.${section}.${field.name}`,
    value: typed(page, section, field.name, first[field.name]),
    wrong: page.problem?.section === section && page.problem.fault.path === field.name,
  }))
}
