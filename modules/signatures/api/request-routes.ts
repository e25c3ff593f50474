import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { RouteRegistration } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'

/** What the routes of a request stand on; the same under every address they have. */
export interface RequestRoutes {
  readonly host: Host
  /** Refuses requests that a rule hides from the caller. */
  readonly routes: Pick<RouteRegistration, 'api'>
  /** `/sign-requests`, or the other name. */
  readonly base: string
  /** Heading in the API's page. */
  readonly tag: string
  readonly inCompany: <Result>(context: CompanyContext, work: (transaction: CompanyTransaction) => Promise<Result>) => Promise<Result>
}

/** Groups that may call them. */
export const user = ['signatures.user']

/** An id that is none finds nothing, instead of failing in the database. @throws Fault with the code given (404) */
export function idOf(value: string | undefined, code: string): string {
  const parsed = z.uuid().safeParse(value)
  if (!parsed.success) throw new Fault(code, { status: 404 })
  return parsed.data
}
