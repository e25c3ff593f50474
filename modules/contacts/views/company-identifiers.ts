import type { ModuleSetup } from '../../../core/host/module.js'
import type { FieldDefinition, FormView } from '../../../core/views/view.js'
import { generalSchemes } from '../services/identifiers.js'
import { schemeOptions } from './contact-views.js'

/** Numbers of one's own company are chosen by their names, as those of contacts are; nobody has to know `VAT` or `CRN`. */
export function companyIdentifiers({ views }: ModuleSetup): void {
  const named = (field: FieldDefinition): FieldDefinition =>
    field.name !== 'identifiers' || field.columns === undefined
      ? field
      : {
          ...field,
          columns: field.columns.map((column): FieldDefinition =>
            column.name === 'scheme' ? { ...column, type: 'select', options: schemeOptions(generalSchemes) } : column,
          ),
        }
  views.extend<FormView>('settings.company.form', (view) => ({
    ...view,
    tabs: (view.tabs ?? []).map((tab) =>
      tab.groups === undefined ? tab : { ...tab, groups: tab.groups.map((group) => ({ ...group, fields: group.fields.map(named) })) },
    ),
  }))
}
