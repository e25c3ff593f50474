import type { FieldDefinition } from '../../../core/views/view.js'

const options = (name: string, values: readonly string[]): FieldDefinition['options'] =>
  values.map((value) => ({ value, label: `seal.setting.${name}.${value}` }))

/** The settings page of seals; names are keys of `sealSettings`. */
export const settingsFields: readonly FieldDefinition[] = [
  {
    name: 'level',
    label: 'seal.setting.level',
    type: 'select',
    help: 'seal.setting.level-help',
    options: options('level', ['automatic', 'B', 'T', 'LT', 'LTA']),
  },
  {
    name: 'certification',
    label: 'seal.setting.certification',
    type: 'select',
    help: 'seal.setting.certification-help',
    options: options('certification', ['none', '1', '2', '3']),
  },
]
