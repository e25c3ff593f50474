import type { ModuleSetup } from '../../../core/host/module.js'
import type { FieldDefinition, FormView } from '../../../core/views/view.js'
import { generalSchemes, schemeOptions } from '../../contacts/index.js'
import { identifierSchemes } from '../data/identifiers.js'

/** The kinds of identifiers the authority knows, by their names in its forms, on the forms of contacts and of the company. */
export function offerSchemes({ views }: ModuleSetup): void {
  const ours = new Set(identifierSchemes.map((one) => one.scheme))
  const options = schemeOptions([...identifierSchemes, ...generalSchemes.filter((one) => !ours.has(one.scheme))])
  const withOptions = (field: FieldDefinition): FieldDefinition =>
    field.name !== 'identifiers' || field.columns === undefined
      ? field
      : { ...field, columns: field.columns.map((column) => (column.name === 'scheme' ? { ...column, options } : column)) }
  for (const form of ['contacts.contact.form', 'settings.company.form']) {
    views.extend<FormView>(form, (view) => ({
      ...view,
      tabs: (view.tabs ?? []).map((tab) =>
        tab.groups === undefined
          ? tab
          : { ...tab, groups: tab.groups.map((group) => ({ ...group, fields: group.fields.map(withOptions) })) },
      ),
    }))
  }
}
