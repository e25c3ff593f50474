import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import type { PageAnswer, PageCall, RouteRegistration } from '../../../core/http/routes.js'
import { sealColours, sealInk, sealShapes, type SealDesign, type SealDesignInput } from '../models/design.js'
import { listApplications, retrySeal } from '../services/applications.js'
import { drawDesign, listDesigns, makeDefault, readDesign, readDesignInput, saveDesign } from '../services/designs.js'

const textFields = ['nameAr', 'nameLatin', 'caption', 'number', 'year'] as const

/** The seal designer and the list of seals put under documents. */
export function addSealPages(routes: RouteRegistration, host: Host): void {
  const groups = ['seal.user']
  const managers = ['seal.manager']

  routes.page('get', '/designs', groups, async ({ context }) => ({
    kind: 'page',
    template: 'seal/designs',
    title: host.i18n.text(context.locale, 'seal.designs.title'),
    data: { designs: await host.db.company(context.companyId, listDesigns) },
  }))

  routes.page('get', '/designs/new', managers, async ({ context }) => {
    const company = await host.access.company(context.companyId)
    const number = company.identifiers.find(({ scheme }) => scheme === 'CRN' || scheme === 'EIK')
    const start: SealDesignInput = {
      name: company.name.slice(0, 80),
      shape: 'round',
      nameAr: (company.nameAr ?? '').slice(0, 60),
      nameLatin: company.name.slice(0, 60),
      caption: number?.scheme === 'EIK' ? 'ЕИК' : number === undefined ? '' : 'س.ت',
      number: number?.value.slice(0, 24) ?? '',
      year: company.address.city?.slice(0, 24) ?? '',
      colour: 'ink-blue',
      keyId: null,
    }
    return designer(host, context, null, start, [])
  })

  routes.page('get', '/designs/:id', groups, async ({ context, params }) => {
    const design = await host.db.company(context.companyId, (transaction) => readDesign(transaction, params['id'] ?? ''))
    return designer(host, context, design.id, design, [])
  })

  routes.page('post', '/preview', groups, async ({ body }) => ({
    kind: 'fragment',
    template: 'seal/preview',
    data: { svg: await preview(host, valuesOf(body)) },
  }))

  routes.page('post', '/designs/:id', managers, (call) => save(host, call))

  routes.page('post', '/designs/:id/default', managers, async ({ context, params }) => {
    await host.db.company(context.companyId, (transaction) => makeDefault(host, context, transaction, params['id'] ?? ''))
    return { kind: 'redirect', to: '/app/seal/designs', notice: { key: 'seal.notice.default', level: 'success' } }
  })

  routes.page('get', '/applications', groups, async ({ context, query }) => {
    const state = query['state']
    const filter: { state?: 'pending' | 'sealed' | 'failed' } =
      state === 'pending' || state === 'sealed' || state === 'failed' ? { state } : {}
    const list = await host.db.company(context.companyId, (transaction) => listApplications(transaction, filter))
    return {
      kind: 'page',
      template: 'seal/applications',
      title: host.i18n.text(context.locale, 'seal.applications.title'),
      data: {
        applications: list.map((one) => ({
          ...one,
          failed: one.state === 'failed',
          stateLabel: `seal.state.${one.state}`,
          colour: { pending: 'orange', sealed: 'green', failed: 'red' }[one.state],
          reason: one.error === null ? null : host.i18n.faultOnPage(context.locale, one.error),
        })),
      },
    }
  })

  routes.page('post', '/applications/:id/retry', groups, async ({ context, params }) => {
    await host.db.company(context.companyId, (transaction) => retrySeal(host, transaction, params['id'] ?? ''))
    return { kind: 'redirect', to: '/app/seal/applications', notice: { key: 'seal.notice.retry', level: 'success' } }
  })
}

async function save(host: Host, { context, params, body }: PageCall): Promise<PageAnswer> {
  const id = params['id'] === undefined || params['id'] === 'new' ? null : params['id']
  const values = valuesOf(body)
  // What is not there is not there, whatever the form says.
  if (id !== null) await host.db.company(context.companyId, (transaction) => readDesign(transaction, id))
  try {
    const design = readDesignInput(values)
    const svg = await drawDesign(host, design)
    await host.db.company(context.companyId, (transaction) => saveDesign(host, context, transaction, id, design, svg))
    return { kind: 'redirect', to: '/app/seal/designs', notice: { key: 'seal.notice.saved', level: 'success' } }
  } catch (error) {
    if (!(error instanceof Fault) || error.status >= 500) throw error
    return designer(host, context, id, values, error.details)
  }
}

type Values = Readonly<Record<keyof SealDesignInput, string | null>>

/** What the form sent, as the design's input has it; wrong values stay, so that the form can show them beside the fault. */
function valuesOf(body: Readonly<Record<string, unknown>>): Values {
  const text = (name: string): string => {
    const value = body[name]
    return typeof value === 'string' ? value : ''
  }
  return {
    name: text('name'),
    shape: text('shape') || 'round',
    nameAr: text('nameAr'),
    nameLatin: text('nameLatin'),
    caption: text('caption'),
    number: text('number'),
    year: text('year'),
    colour: text('colour') || 'ink-blue',
    keyId: text('keyId') === '' ? null : text('keyId'),
  }
}

/** The drawing of what is typed so far; null while it cannot be drawn. */
async function preview(host: Host, values: Values | SealDesignInput): Promise<string | null> {
  try {
    return await drawDesign(host, readDesignInput({ ...values, name: values.name || '-' }))
  } catch (error) {
    if (error instanceof Fault && error.status < 500) return null
    throw error
  }
}

async function designer(
  host: Host,
  context: CompanyContext,
  id: string | null,
  values: Values | SealDesignInput | SealDesign,
  faults: readonly FaultDetail[],
): Promise<PageAnswer> {
  const keys = await host.db.company(context.companyId, (transaction) => host.signing.keys(transaction))
  const faultOf = (name: string): string | null => {
    const found = faults.find((fault) => fault.path === name)
    return found === undefined ? null : host.i18n.faultOnPage(context.locale, found)
  }
  const usable = keys.filter((key) => key.state === 'active' && key.purposes.includes('seal-document') && key.certificates.length > 0)
  return {
    kind: 'page',
    template: 'seal/designer',
    title: host.i18n.text(context.locale, id === null ? 'seal.designer.new' : 'seal.designer.title'),
    breadcrumb: [{ label: host.i18n.text(context.locale, 'seal.designs.title'), href: '/app/seal/designs' }],
    data: {
      id: id ?? 'new',
      name: values.name,
      nameFault: faultOf('name'),
      // A saved design shows the drawing it was saved with.
      svg: 'svg' in values ? values.svg : await preview(host, values),
      faults: faults.map((fault) => ({ code: fault.code, text: host.i18n.faultOnPage(context.locale, fault) })),
      fields: textFields.map((name) => ({
        name,
        label: `seal.field.${name}`,
        value: values[name],
        fault: faultOf(name),
        rtl: name === 'nameAr',
      })),
      shapes: sealShapes.map((value) => ({ value, label: `seal.shape.${value}`, chosen: values.shape === value })),
      colours: sealColours.map((value) => ({ value, ink: sealInk[value], label: `seal.colour.${value}`, chosen: values.colour === value })),
      keys: usable.map((key) => ({ id: key.id, name: key.name, algorithm: key.algorithm, chosen: values.keyId === key.id })),
      noKey: usable.length === 0,
    },
  }
}
