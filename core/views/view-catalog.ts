import type { CompanyContext } from '../access/context.js'
import type { ModuleRecords } from '../host/registrations.js'
import { Fault } from '../i18n/fault.js'
import type { FormView, ListView, MenuItem, Model, View } from './view.js'

/** What the catalog reads of a module's records. */
export type ViewRecords = Pick<ModuleRecords, 'module' | 'models' | 'views' | 'extensions' | 'menu'>

/** Pages of the host itself are there for every company. */
const alwaysThere = new Set(['core', 'settings'])

/** All models, views and menu entries, each with the module it came from; what a company sees is decided per request. */
export class ViewCatalog {
  readonly #models = new Map<string, { readonly module: string; readonly model: Model }>()
  readonly #views = new Map<string, { readonly module: string; readonly view: View }>()

  constructor(private readonly records: readonly ViewRecords[]) {
    for (const record of records) {
      for (const model of record.models) this.#models.set(model.name, { module: record.module, model })
      for (const view of record.views) this.#views.set(view.id, { module: record.module, view })
    }
  }

  /** @throws Fault VIEW-MODEL-UNKNOWN (404), also when the company has not enabled the model's module */
  model(name: string, enabled: ReadonlySet<string>): Model {
    const found = this.#models.get(name)
    if (found === undefined || !isOn(found.module, enabled)) throw new Fault('VIEW-MODEL-UNKNOWN', { status: 404, params: { model: name } })
    return found.model
  }

  /** The models of the modules that are enabled. */
  models(enabled: ReadonlySet<string>): readonly Model[] {
    return [...this.#models.values()].filter((one) => isOn(one.module, enabled)).map((one) => one.model)
  }

  /** The first list of a model, or the one named; with the changes of all modules the company enabled, in dependency order. */
  list(model: string, enabled: ReadonlySet<string>, id?: string): ListView | undefined {
    for (const { view } of this.#views.values()) {
      if (view.kind === 'list' && view.model === model && (id === undefined || view.id === id)) return this.#extended(view, enabled)
    }
    return undefined
  }

  /** The form of a model, with what enabled modules added to it; undefined when it has none. */
  form(model: string, enabled: ReadonlySet<string>): FormView | undefined {
    for (const { view } of this.#views.values()) if (view.kind === 'form' && view.model === model) return this.#extended(view, enabled)
    return undefined
  }

  #extended<Kind extends View>(view: Kind, enabled: ReadonlySet<string>): Kind {
    let changed: View = view
    for (const record of this.records) {
      if (!isOn(record.module, enabled)) continue
      for (const extension of record.extensions) if (extension.viewId === view.id) changed = extension.change(changed)
    }
    if (changed.kind !== view.kind || changed.model !== view.model)
      throw new Error(`an extension changed the kind or model of view ${view.id}`)
    // The kind was compared: a change of `view` is a view of the same kind.
    return changed as Kind
  }

  /** Menu entries the actor may use, in order. */
  menu(context: CompanyContext, enabled: ReadonlySet<string>): readonly MenuItem[] {
    return this.records
      .filter((record) => isOn(record.module, enabled))
      .flatMap((record) => record.menu)
      .filter((item) => item.group === undefined || context.groups.has('*') || context.groups.has(item.group))
      .sort((one, other) => one.order - other.order)
  }
}

function isOn(module: string, enabled: ReadonlySet<string>): boolean {
  return alwaysThere.has(module) || enabled.has(module)
}
