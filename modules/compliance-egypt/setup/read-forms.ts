import { z } from 'zod'
import { Fault } from '../../../core/i18n/fault.js'
import { etaEnvironments, type NewBranch } from '../company/company-rows.js'
import type { OwnPersonLimit } from '../company/person-limits.js'
import type { NewCredentials } from '../company/credentials.js'

const wanted = (longest: number): z.ZodString => z.string().trim().min(1).max(longest)
const open = (longest: number) =>
  z
    .string()
    .trim()
    .max(longest)
    .default('')
    .transform((text) => (text === '' ? null : text))

const branchForm = z.object({
  code: z
    .string()
    .trim()
    .regex(/^\d{1,10}$/),
  name: wanted(200),
  governate: wanted(100),
  regionCity: wanted(100),
  street: wanted(200),
  buildingNumber: wanted(100),
  postalCode: open(30),
  floor: open(100),
  room: open(100),
  landmark: open(500),
  additionalInformation: open(500),
})

const credentialsForm = z.object({
  environment: z.enum(etaEnvironments),
  clientId: z.string().trim(),
  clientSecret: z.string().trim(),
  secondSecret: z.string().trim().default(''),
})

const personLimitPlace = z.object({ kind: z.enum(['invoice', 'receipt']), from: z.iso.date() })
const personLimitForm = personLimitPlace.extend({
  amount: z
    .string()
    .trim()
    .transform((text) => text.replace(/[,\s]/g, ''))
    .pipe(z.string().regex(/^(?!0+(?:\.0+)?$)\d{1,15}(?:\.\d{1,5})?$/)),
})

type Form = Readonly<Record<string, unknown>>

function read<Value>(schema: z.ZodType<Value>, form: Form): Value {
  const result = schema.safeParse(form)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new Fault('EG-SETUP-FIELD', { path: issue?.path.join('.') ?? '', params: { field: issue?.path.join('.') ?? '' } })
}

/** @throws Fault EG-SETUP-FIELD naming the first field that is empty or malformed */
export function readBranch(form: Form): NewBranch {
  return { ...read(branchForm, form), country: 'EG' }
}

/** @throws Fault EG-SETUP-FIELD */
export function readCredentials(form: Form): NewCredentials {
  return read(credentialsForm, form)
}

/** @throws Fault EG-SETUP-FIELD */
export function readPersonLimit(form: Form): OwnPersonLimit {
  return read(personLimitForm, form)
}

/** @throws Fault EG-SETUP-FIELD */
export function readPersonLimitPlace(form: Form): Pick<OwnPersonLimit, 'kind' | 'from'> {
  return read(personLimitPlace, form)
}

/** @throws Fault EG-SETUP-FIELD */
export function readCode(form: Form, pattern: RegExp): string {
  return read(z.object({ code: z.string().trim().regex(pattern) }), form).code
}
