import type { FieldDefinition } from '../../../core/views/view.js'
import { readConsents } from '../signing-page/consents.js'

const options = (name: string, values: readonly string[]): FieldDefinition['options'] =>
  values.map((value) => ({ value, label: `signatures.setting.${name}.${value}` }))

const setting = (name: string, type: FieldDefinition['type']): FieldDefinition => ({
  name,
  label: `signatures.setting.${name}`,
  help: `signatures.setting.${name}-help`,
  type,
})

/**
 * The settings page of signature requests; names are keys of `signaturesSettings`. How long files are kept is decided on a page of its
 * own (evidence/retention-pages.ts), which shows first what would be deleted.
 */
export const settingsFields: readonly FieldDefinition[] = [
  setting('expiryDays', 'number'),
  setting('reminderFirstDays', 'number'),
  setting('reminderEveryDays', 'number'),
  {
    ...setting('consentLaw', 'select'),
    options: [
      { value: 'auto', label: 'signatures.setting.consentLaw.auto' },
      ...[...new Map(readConsents().map((row) => [row.id, row.law])).entries()].map(([value, text]) => ({ value, label: value, text })),
    ],
  },
  { ...setting('timeStamps', 'select'), options: options('timeStamps', ['required', 'none']) },
  setting('sealWhenSigned', 'checkbox'),
  setting('ownProgram', 'checkbox'),
]
