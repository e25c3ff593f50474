import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { IdentifierScheme } from '../../contacts/index.js'
import { isNationalId } from './national-id.js'

const wrong = (holds: boolean, code: string, value: string): FaultDetail[] => (holds ? [] : [{ code, params: { value } }])

/** Numbers a contact in Egypt may carry. */
export const identifierSchemes: readonly IdentifierScheme[] = [
  {
    scheme: 'VAT',
    country: 'EG',
    title: { ar: 'رقم التسجيل الضريبي', en: 'Tax registration number', bg: 'Данъчен регистрационен номер' },
    appliesTo: 'both',
    validate: (value) => wrong(/^\d{9}$/.test(value.replace(/[\s-]/g, '')), 'EG-PARTY-01', value),
  },
  {
    scheme: 'NAT',
    country: 'EG',
    title: { ar: 'الرقم القومي', en: 'National number', bg: 'Национален номер' },
    appliesTo: 'person',
    validate: (value) => wrong(isNationalId(value, '9999-12-31'), 'EG-PARTY-03', value),
  },
]
