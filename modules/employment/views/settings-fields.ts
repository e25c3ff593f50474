import type { FieldDefinition } from '../../../core/views/view.js'

const field = (name: string, type: FieldDefinition['type'], more: Partial<FieldDefinition> = {}): FieldDefinition => ({
  name,
  label: `employment.setting.${name}`,
  type,
  ...more,
})

/** The settings page; names are keys of `employmentSettings`. */
export const settingsFields: readonly FieldDefinition[] = [
  field('representativeName', 'text', { help: 'employment.setting.representative-help' }),
  field('representativeNameAr', 'text'),
  field('representativeEmail', 'email'),
  field('representativePhone', 'phone'),
  field('representativeTitleAr', 'text'),
  field('representativeTitleEn', 'text'),
  field('representativeTitleBg', 'text'),
  field('representativeKeyId', 'code', { help: 'employment.setting.key-help' }),
  field('employerSigns', 'select', {
    options: ['last', 'first', 'together'].map((value) => ({ value, label: `employment.setting.employerSigns.${value}` })),
  }),
  field('signatureLevel', 'select', {
    help: 'employment.setting.level-help',
    options: ['asked', 'advised'].map((value) => ({ value, label: `employment.setting.signatureLevel.${value}` })),
  }),
  field('reminderEmails', 'text', { help: 'employment.setting.emails-help' }),
  field('contractReminderDays', 'number'),
  field('probationReminderDays', 'number'),
  field('identityReminderDays', 'number'),
  field('overdueDays', 'number'),
  field('numberPrefix', 'code'),
]
