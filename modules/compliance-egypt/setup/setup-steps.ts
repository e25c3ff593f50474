import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { readCertificate } from '../../../core/validation/certificate/certificate.js'
import { activitiesOf, branchesOf, egyptCompany, etaEnvironments } from '../company/company-rows.js'
import { personLimitsOf } from '../company/person-limits.js'
import { readiness, registrationNumberOf } from '../company/readiness.js'
import { headOfficeOf } from '../company/sandbox-company.js'
import { activityCodes, activityOn } from '../data/codes.js'
import { personLimit, type PersonLimit, type PersonLimitKind } from '../data/limits.js'
import { egyptGuide } from '../data/guide.js'
import { mandatesAt } from '../law/mandates.js'
import { shortcomings, standsInForDevice } from '../signing/choose-key.js'
import { cairoDay } from '../data/cairo-day.js'

export const stepNames = ['portal', 'branches', 'activity', 'credentials', 'key', 'signing', 'codes', 'limits'] as const
export type StepName = (typeof stepNames)[number]

/** How a step stands: done, to be done, or of no hurry. */
type StepState = 'done' | 'open' | 'optional'

/** A branch as the portal asks for it. */
const branchFields = [
  { name: 'code', required: true, numeric: true, longest: 10 },
  { name: 'name', required: true, longest: 200 },
  { name: 'governate', required: true, longest: 100 },
  { name: 'regionCity', required: true, longest: 100 },
  { name: 'street', required: true, longest: 200, wide: true },
  { name: 'buildingNumber', required: true, longest: 100 },
  { name: 'postalCode', longest: 30 },
  { name: 'floor', longest: 100 },
  { name: 'room', longest: 100 },
  { name: 'landmark', longest: 500 },
  { name: 'additionalInformation', longest: 500, wide: true },
] as const

const credentialLabels: Readonly<Record<string, string>> = {
  environment: 'compliance-egypt.setup.environment',
  clientId: 'compliance-egypt.setup.client-id',
  clientSecret: 'compliance-egypt.setup.secret',
  secondSecret: 'compliance-egypt.setup.second-secret',
}

/** Key of the label a field of a step has on the page. */
export function labelOfField(step: StepName, field: string): string | undefined {
  if (step === 'branches') return branchFields.some((one) => one.name === field) ? `compliance-egypt.branch.${field}` : undefined
  if (step === 'limits') return `compliance-egypt.limit.${field}`
  if (step === 'activity') return 'compliance-egypt.setup.activity-code'
  return step === 'credentials' ? credentialLabels[field] : undefined
}

/** Everything the page of steps shows. */
export async function setupSteps(
  host: Host,
  context: CompanyContext,
  openStep?: StepName,
  form: Readonly<Record<string, unknown>> = {},
): Promise<object> {
  const company = await host.access.company(context.companyId)
  const registration = registrationNumberOf(company)
  const now = host.now()
  const stored = await host.db.company(context.companyId, async (transaction) => {
    const facts = await egyptCompany(transaction)
    const branches = await branchesOf(transaction)
    const activities = await activitiesOf(transaction)
    const limits = await personLimitsOf(transaction)
    const mandates = await mandatesAt(transaction, now)
    const soon = (await readiness(host, transaction, context, company)).filter((item) => item.soon === true)
    return { facts, branches, activities, limits, mandates, soon, keys: await host.signing.keys(transaction) }
  })
  const { facts, branches, activities } = stored
  const chosenKey = facts?.keyId ?? null
  const keys = stored.keys
    .filter((key) => key.purposes.includes('stamp-e-invoice') || key.algorithm.startsWith('rsa-'))
    .map((key) => {
      const [own] = key.certificates
      const certificate = own === undefined ? undefined : readCertificate(own)
      const lacks =
        certificate === undefined
          ? [{ code: 'EG-KEY-NO-CERTIFICATE', params: { name: key.name } }]
          : shortcomings(key, certificate, { rin: registration ?? '', now, context, mandates: stored.mandates }).map((lack) => ({
              ...lack,
              params: { name: key.name, ...lack.params },
            }))
      return {
        id: key.id,
        name: key.name,
        provider: host.i18n.text(context.locale, `compliance-egypt.provider.${key.provider}`),
        software: key.provider === 'software',
        until: certificate?.notAfter.toISOString() ?? null,
        sha256: certificate?.sha256 ?? '',
        fits: lacks.length === 0,
        standsIn: standsInForDevice(key, stored.keys, registration ?? ''),
        chosen: facts?.keyId === key.id,
        mismatch: lacks.some((lack) => lack.code === 'EG-KEY-TAXPAYER'),
        lacks: lacks.map((lack) => host.i18n.faultOnPage(context.locale, lack)),
      }
    })
  const fitting = keys.filter((key) => key.fits && (chosenKey === null ? !key.standsIn : key.chosen))
  const tested = fitting.some((key) => key.sha256 !== '' && key.sha256 === facts?.signingCheckedWith)
  const states: Readonly<Record<StepName, StepState>> = {
    portal: registration !== undefined && (facts?.portalConfirmedAt ?? null) !== null ? 'done' : 'open',
    branches: branches.some((branch) => branch.isDefault && branch.active) ? 'done' : 'open',
    activity: activities.some((activity) => activity.isDefault) ? 'done' : 'open',
    credentials: (facts?.credentialsCheckedAt ?? null) !== null ? 'done' : 'open',
    key: fitting.length > 0 ? 'done' : 'open',
    signing: tested ? 'done' : 'open',
    codes: 'optional',
    limits: 'optional',
  }
  const nameOf = (code: string): string => {
    const activity = activityOn(code, cairoDay(now))
    return (context.locale === 'ar' ? activity?.ar : activity?.en) ?? ''
  }
  // The first branch is nearly always the company's own address as head office.
  const own: Readonly<Record<string, unknown>> = { ...headOfficeOf(company) }
  const next = openStep ?? stepNames.find((name) => states[name] === 'open')
  const steps = stepNames.map((name, index) => ({
    name,
    position: index + 1,
    state: states[name],
    stateLabel: `compliance-egypt.setup.state.${states[name]}`,
    title: `compliance-egypt.setup.${name}`,
    [name]: true,
    open: name === next,
    color: states[name] === 'done' ? 'green' : states[name] === 'open' ? 'orange' : 'blue',
    icon: states[name] === 'done' ? 'check' : states[name] === 'open' ? 'alert-triangle' : 'clock',
    guide: egyptGuide.steps
      .filter((step) => step.topic === name)
      .map((step) => ({
        text: host.i18n.pick(context.locale, step.text),
        source: step.source,
        href: step.source.startsWith('https://') ? step.source : null,
        site: step.source.startsWith('https://') ? new URL(step.source).host : '',
      })),
  }))
  return {
    steps,
    done: steps.filter(({ state }) => state === 'done').length,
    total: steps.filter(({ state }) => state !== 'optional').length,
    registration: registration ?? null,
    sandbox: company.sandbox,
    soon: stored.soon.map(({ text, remedy, href }) => ({
      text: host.i18n.pick(context.locale, text),
      remedy: host.i18n.pick(context.locale, remedy),
      href,
    })),
    lacksAccess: states.credentials === 'open' || states.key === 'open',
    branches,
    branchFields: branchFields.map((field) => ({
      ...field,
      label: `compliance-egypt.branch.${field.name}`,
      value: openStep === 'branches' ? form[field.name] : branches.length === 0 ? (own[field.name] ?? '') : '',
    })),
    addBranch: branches.length === 0 || openStep === 'branches',
    typedActivity: openStep === 'activity' ? form['code'] : '',
    ready: stepNames.every((name) => states[name] !== 'open'),
    activities: activities.map((activity) => ({ ...activity, name: nameOf(activity.code) })),
    activityCodes: activityCodes.map(({ code, ar, en }) => ({ code, text: context.locale === 'ar' ? ar : en })),
    limits: stored.limits.map((limit) => ({ ...limit, label: `compliance-egypt.limit.of-${limit.kind}` })),
    limitKinds: (['invoice', 'receipt'] as const).map((kind) => ({
      kind,
      label: `compliance-egypt.limit.of-${kind}`,
      selected: openStep === 'limits' && form['kind'] === kind,
      ...knownLimit(kind, cairoDay(now)),
    })),
    typedLimit: openStep === 'limits' ? { from: form['from'], amount: form['amount'] } : { from: cairoDay(now), amount: '' },
    keys,
    anyKey: chosenKey === null,
    clientId: openStep === 'credentials' && typeof form['clientId'] === 'string' ? form['clientId'] : (facts?.clientId ?? ''),
    hasSecret: facts?.hasSecret ?? false,
    checkedAt: facts?.credentialsCheckedAt?.toISOString() ?? null,
    signedAt: tested ? facts?.signingCheckedAt?.toISOString() : null,
    softwareOnly: fitting.length > 0 && fitting.every((key) => key.software),
    environments: (company.sandbox ? (['sandbox'] as const) : etaEnvironments.filter((one) => one !== 'sandbox')).map((value) => ({
      value,
      label: `compliance-egypt.environment.${value}`,
      help: `compliance-egypt.environment-help.${value}`,
      selected: (openStep === 'credentials' ? form['environment'] : facts?.environment) === value,
    })),
  }
}

/** The authority's figures of a day; none where its table has ended: the page is where the company states its own. */
function knownLimit(kind: PersonLimitKind, day: string): PersonLimit | null {
  try {
    return personLimit(kind, day)
  } catch (error) {
    if (error instanceof Fault) return null
    throw error
  }
}
