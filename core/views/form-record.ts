import type { Request } from 'express'
import type { CompanyTransaction } from '../db/database.js'
import type { PostedForm } from './form-values.js'
import { loadRecord, type RecordCall } from './record-call.js'
import type { RecordValues } from './view.js'

/** The texts of a posted form, unchecked. */
export function postedOf(request: Request): PostedForm {
  // Bodies are parsed by express' urlencoded parser or multer: an object of texts and lists of texts.
  return (request.body ?? {}) as PostedForm
}

/** Words of the address: values a new record begins with. */
export function newQuery(request: Request): Record<string, string> {
  return Object.fromEntries(new URL(request.originalUrl, 'http://host').searchParams)
}

/** The record as it is kept; a new one as it begins. */
export async function storedOrNew(call: RecordCall, transaction: CompanyTransaction, id: string | undefined): Promise<RecordValues> {
  if (id !== undefined) return loadRecord(call, transaction, id)
  const query = newQuery(call.request)
  const { duplicate, ...rest } = query
  if (duplicate !== undefined && call.model.duplicate !== undefined) {
    await loadRecord(call, transaction, duplicate)
    return call.model.duplicate(transaction, call.signedIn.context, duplicate)
  }
  return (await call.model.defaults?.(transaction, call.signedIn.context, rest)) ?? rest
}
