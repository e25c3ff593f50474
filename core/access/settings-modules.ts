import { z } from 'zod'
import type { Host, ModuleSetup } from '../host/module.js'
import type { ModuleRecords } from '../host/registrations.js'
import { Fault } from '../i18n/fault.js'
import type { RecordValues } from '../views/view.js'
import { administrator } from './groups.js'

/** Modules of this company: what is there, what is on, what failed and why; each module's settings. */
export function addModulePage(setup: ModuleSetup, host: Host, modules: readonly ModuleRecords[]): void {
  const hasSettings = new Set(modules.filter((record) => record.settings !== undefined).map((record) => record.module))
  setup.views.menu({
    app: 'settings',
    label: 'access.modules',
    icon: 'package',
    href: '/app/settings/modules',
    order: 10,
    group: administrator,
    parent: true,
  })

  setup.routes.page('get', '/modules', [administrator], async ({ context }) => {
    const enabled = await host.modules.enabledFor(context.companyId)
    const text = (key: string): string => host.i18n.text(context.locale, key)
    const titles = new Map(host.modules.list().map(({ name, title }) => [name, host.i18n.pick(context.locale, title)]))
    return {
      kind: 'page',
      template: 'core/modules',
      title: text('access.modules'),
      data: {
        modules: host.modules.list().map((module) => ({
          name: module.name,
          title: host.i18n.pick(context.locale, module.title),
          version: module.version,
          failed: module.state === 'failed',
          fault: module.fault === undefined ? undefined : host.i18n.faultOnPage(context.locale, module.fault),
          on: enabled.has(module.name),
          // By the names they bear on this page; one that is missing has none.
          depends: module.depends.map((name) => titles.get(name) ?? name).join(' · '),
          hooks: module.hooksTapped.join(', '),
          outside: module.origin === 'package',
          settings: enabled.has(module.name) && hasSettings.has(module.name) ? `/app/settings/module/${module.name}` : undefined,
        })),
      },
    }
  })
  setup.routes.page('post', '/modules', [administrator], async ({ context, body }) => {
    const module = typeof body['module'] === 'string' ? body['module'] : ''
    const on = body['on'] === 'true'
    const known = host.modules.list().find((one) => one.name === module)
    if (known === undefined) throw new Fault('HTTP-NOT-FOUND', { status: 404 })
    if (on) await host.modules.enable(context, module)
    else await host.modules.disable(context, module)
    const name = host.i18n.pick(context.locale, known.title)
    return {
      kind: 'redirect',
      to: '/app/settings/modules',
      notice: { key: on ? 'access.module.enabled' : 'access.module.disabled', params: { name }, level: 'success' },
    }
  })

  // Settings of one module are a form of a record whose id is the module's name.
  for (const record of modules) {
    const { settings, module } = record
    if (settings === undefined) continue
    const page = async (
      values: RecordValues,
      context: Parameters<Parameters<ModuleSetup['routes']['page']>[3]>[0]['context'],
      faults: readonly { path?: string; text: string }[],
    ): ReturnType<Parameters<ModuleSetup['routes']['page']>[3]> => {
      const known = host.modules.list().find((one) => one.name === module)
      const title = known === undefined ? module : host.i18n.pick(context.locale, known.title)
      return Promise.resolve({
        kind: 'page',
        template: 'core/module-settings',
        title,
        data: {
          module,
          title,
          faults,
          fields: settings.fields.map((field) => ({
            ...field,
            label: host.i18n.text(context.locale, field.label),
            help: field.help === undefined ? undefined : host.i18n.text(context.locale, field.help),
            isCheck: field.type === 'checkbox',
            isSelect: field.type === 'select',
            isLong: field.type === 'multiline',
            inputType: field.type === 'password' ? 'password' : 'text',
            checked: values[field.name] === true,
            value: field.type === 'password' ? '' : textOf(values[field.name]),
            choices: (field.options ?? []).map((option) => ({
              value: option.value,
              label: option.text?.[context.locale] ?? host.i18n.text(context.locale, option.label),
              selected: option.value === textOf(values[field.name]),
            })),
            error: faults.find((fault) => fault.path === field.name)?.text,
          })),
        },
        breadcrumb: [{ label: host.i18n.text(context.locale, 'access.modules'), href: '/app/settings/modules' }, { label: title }],
      })
    }
    setup.routes.page('get', `/module/${module}`, [administrator], async ({ context }) => {
      const values = await host.db.company(context.companyId, (transaction) => host.settings.get<RecordValues>(transaction, module))
      return page(values, context, [])
    })
    setup.routes.page('post', `/module/${module}`, [administrator], async ({ context, body }) => {
      const changes: Record<string, unknown> = {}
      for (const field of settings.fields) {
        const given = body[field.name]
        if (field.type === 'checkbox') changes[field.name] = given === 'true'
        else if (field.type === 'password' && given === '') continue
        else if (field.type === 'number' && typeof given === 'string' && /^-?\d+$/.test(given)) changes[field.name] = Number(given)
        else if (given !== undefined) changes[field.name] = given === '' && acceptsNull(settings.schema.shape[field.name]) ? null : given
      }
      try {
        await host.db.company(context.companyId, (transaction) => host.settings.set(transaction, context, module, changes))
      } catch (error) {
        if (!(error instanceof Fault) || error.status >= 500) throw error
        return page(
          changes,
          context,
          error.details.map((detail) => ({
            ...(detail.path === undefined ? {} : { path: detail.path }),
            text: host.i18n.faultOnPage(context.locale, detail),
          })),
        )
      }
      return { kind: 'redirect', to: `/app/settings/module/${module}`, notice: { key: 'views.saved', level: 'success' } }
    })
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

/** Shapes come from modules, each with its own idea of an empty field. */
function acceptsNull(schema: unknown): boolean {
  return schema instanceof z.ZodType && schema.safeParse(null).success
}
