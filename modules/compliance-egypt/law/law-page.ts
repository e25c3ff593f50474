import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import type { PageCall } from '../../../core/http/routes.js'
import type { Fault } from '../../../core/i18n/fault.js'
import { readCertificate } from '../../../core/validation/certificate/certificate.js'
import { isManager } from '../routes/authority-panel.js'
import { deviceCertificates } from './device-certificates.js'
import { foreignAuthorities, foreignGrounds } from './foreign-authorities.js'
import { lawTable } from './law-table.js'
import { cairoDay, holderKind, mandateRules, mandates, mandatesAt, stands } from './mandates.js'
import { timeAuthorities } from './time-authorities.js'

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
  const stored = await host.db.company(context.companyId, async (transaction) => ({
    mandates: await mandates(transaction),
    rule: (await mandatesAt(transaction, now)).rule,
    authorities: await foreignAuthorities(transaction),
    times: await timeAuthorities(host.config, transaction),
    devices: await deviceCertificates(transaction),
    keys: (await host.signing.keys(transaction)).filter(({ purposes }) => purposes.includes('stamp-e-invoice')),
  }))
  const text = (key: string): string => host.i18n.text(context.locale, `compliance-egypt.${key}`)
  const typed = (section: LawSection, name: string, otherwise = ''): string => {
    const value = problem?.section === section ? problem.form[name] : undefined
    return typeof value === 'string' ? value : otherwise
  }
  const today = cairoDay(now)
  const fields = (section: LawSection, list: readonly Field[]): object[] =>
    list.map((field) => ({
      ...field,
      id: `${section}-${field.name}`,
      label: `compliance-egypt.law.${section}.${field.name}`,
      value: typed(section, field.name, field.name === 'from' ? today : field.name === 'principal' ? (company.nameAr ?? company.name) : ''),
      wrong: problem?.section === section && problem.fault.path === field.name,
    }))
  const shownProblem = (section: LawSection): object | null =>
    problem?.section === section ? { code: problem.fault.code, text: host.i18n.faultOnPage(context.locale, problem.fault) } : null
  const { amendments } = lawTable()
  return {
    manager: isManager(context),
    amendments: amendments.note[context.locale],
    rules: mandateRules.map((value) => ({ value, label: text(`law.rule.${value}`), chosen: value === stored.rule })),
    keys: stored.keys.map((key) => {
      const [own] = key.certificates
      const kind = own === undefined ? 'unclear' : holderKind(readCertificate(own))
      return { id: key.id, name: key.name, kind: text(`law.holder.${kind}`), chosen: typed('mandates', 'keyId') === key.id }
    }),
    mandateProblem: shownProblem('mandates'),
    authorityProblem: shownProblem('authorities'),
    timeProblem: shownProblem('times'),
    mandates: stored.mandates.map((one) => {
      const valid = stands(one, now)
      const state = one.endedAt !== null ? 'ended' : valid ? 'standing' : one.from > today ? 'coming' : 'over'
      return {
        ...one,
        key: stored.keys.find(({ id }) => id === one.keyId)?.name ?? '—',
        ended: one.endedAt?.toISOString() ?? null,
        state: text(`law.state.${state}`),
        colour: state === 'standing' ? 'green' : state === 'coming' ? 'blue' : 'grey',
      }
    }),
    mandateFields: fields('mandates', mandateFields),
    grounds: foreignGrounds.map((value) => ({
      value,
      label: text(`law.ground.${value}`),
      chosen: typed('authorities', 'ground') === value,
    })),
    authorities: stored.authorities.map((one) => {
      const state =
        one.withdrawnAt !== null ? 'withdrawn' : one.from > today ? 'coming' : one.until !== null && one.until < today ? 'over' : 'standing'
      return {
        ...one,
        short: one.sha256.slice(0, 16),
        groundText: text(`law.ground.${one.ground}`),
        withdrawn: one.withdrawnAt?.toISOString() ?? null,
        state: text(`law.state.${state}`),
        colour: state === 'standing' ? 'green' : state === 'coming' ? 'blue' : 'grey',
      }
    }),
    authorityFields: fields('authorities', authorityFields),
    deviceProblem: shownProblem('devices'),
    devices: stored.devices.map((one) => ({ ...one, key: stored.keys.find(({ id }) => id === one.keyId)?.name ?? '—' })),
    deviceKeys: stored.keys
      .filter(({ provider }) => provider !== 'software')
      .map(({ id, name }) => ({ id, name, chosen: typed('devices', 'keyId') === id })),
    deviceFields: fields('devices', deviceFields),
    times: stored.times.map(({ id, url, name, root, dependence }) => ({
      id,
      url,
      name,
      pinned: root?.holder ?? null,
      counts: dependence === null,
      dependence: text(`law.dependence.${dependence ?? 'none'}`),
    })),
    counting: stored.times.some(({ dependence }) => dependence === null),
    timeFields: fields('times', timeFields),
  }
}
