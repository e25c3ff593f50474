import type { FieldDefinition } from '../../../core/views/view.js'

/** The module's page of settings; names are keys of `transmissionSettings`. */
export const transmissionFields: readonly FieldDefinition[] = (['batchDocuments', 'batchBytes', 'searchSeconds'] as const).map((name) => ({
  name,
  label: `compliance-egypt.setting.${name}`,
  type: 'number',
  help: `compliance-egypt.setting.${name}-help`,
}))
